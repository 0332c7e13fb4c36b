//! The error of an API call with a session, and the conversions to it.

use crate::error::{CallError, ConnectorError, SendError};
use crate::transport::TransportError;
use crate::types::Stage;

/// Why [`Sessions::send`](crate::Sessions::send) returned no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No session was available, or the vendor's API refused the call; named for who acts next, in
    /// the terms of the contract.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The request cannot be combined with a session: the caller corrects it.
    #[error("the request does not fit a session: {0}")]
    Request(&'static str),
}

impl ApiError {
    /// The name of the case in the contract, such as `forbidden`, else `request`, or the name of a
    /// [`CallError`].
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Call(error) => error.kind(),
            Self::Request(_) => "request",
        }
    }
}

impl From<ConnectorError> for ApiError {
    fn from(error: ConnectorError) -> Self {
        Self::Call(error.into())
    }
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::UnknownVendor => ConnectorError::UnknownVendor.into(),
            SendError::Request(reason) => Self::Request(reason),
            SendError::Call(error) => Self::Call(error),
            SendError::Transport(error) => error.into(),
        }
    }
}

impl From<TransportError> for ApiError {
    fn from(error: TransportError) -> Self {
        match Stage::of(error) {
            None => ConnectorError::Denied.into(),
            Some(stage) => ConnectorError::Unreachable(stage).into(),
        }
    }
}
