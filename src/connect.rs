//! The pipeline: credential ▶ request ▶ the one send ▶ reply ▶ result. Each step but the send takes values and returns values;
//! the steps themselves are in the modules named in them.

use crate::access::Access;
use crate::credential;
use crate::error::Error;
use crate::http::{Http, Reply};
use crate::reply;
use crate::session::{self, Session, Timestamp};
use crate::token;
use crate::vendors::{self, Vendor as _};
use crate::verdict::{self, Verdict};

/// The JSON Schema of a vendor's credential document. Fails only as [`Error::UnknownVendor`].
pub fn credential_schema(vendor: &str) -> Result<&'static str, Error> {
    Ok(vendors::find(vendor)?.schema())
}

/// Checks a credential document.
pub fn validate(vendor: &str, credential: &str) -> Result<(), Error> {
    let vendor = vendors::find(vendor)?;
    credential::read(credential, |form| vendor.grant(form)).map(drop)
}

/// Runs the grant. To refresh is to repeat it (RFC 6749 §4.4.3).
pub fn authenticate(
    vendor: &str,
    credential: &str,
    now: Timestamp,
    http: &impl Http,
) -> Result<Session, Error> {
    let vendor = vendors::find(vendor)?;
    let grant = credential::read(credential, |form| vendor.grant(form))?;
    let reply = http.send(grant.request)?;
    let mut members = reply::accept(vendor, &reply, now)?;
    let token = token::read(&mut members)?;
    let (expires_at, refresh_after) = session::dates(now, token.lifetime_secs);
    let asked = || grant.scopes.iter().map(|&scope| scope.into()).collect();
    Ok(Session {
        access_token: token.access_token,
        base_url: grant.base_url.read(&mut members)?,
        scopes: token.scopes.unwrap_or_else(asked),
        project: vendor.project(grant.project, &mut members)?,
        issued_at: now,
        expires_at,
        refresh_after,
    })
}

/// Asks what a credential reaches.
pub fn inspect(
    vendor: &str,
    credential: &str,
    now: Timestamp,
    http: &impl Http,
) -> Result<Access, Error> {
    let vendor = vendors::find(vendor)?;
    let request = credential::read_part(credential, |form| vendor.inspection(form))?;
    let reply = http.send(request)?;
    let mut members = reply::accept(vendor, &reply, now)?;
    vendor.access(&mut members)
}

/// Judges an API response. Fails only as [`Error::UnknownVendor`].
pub fn classify(vendor: &str, response: &Reply, now: Timestamp) -> Result<Verdict, Error> {
    Ok(verdict::judge(vendors::find(vendor)?, response, now))
}

#[cfg(test)]
mod tests;
