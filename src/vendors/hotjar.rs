//! Hotjar: a form body, a fixed base URL, scopes fixed on the key.
//! Keys are made at <https://insights.hotjar.com/settings/api>.

use alloc::string::String;
use alloc::vec::Vec;

use form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::{About, BaseUrl, Client, Grant, Vendor};
use crate::credential::Form;
use crate::http::Request;
use crate::json::compact::compact;

/// The vendor.
pub struct Hotjar;

static ABOUT: About = About {
    id: "hotjar",
    display_name: "Hotjar",
    setup_url: "https://insights.hotjar.com/settings/api",
    origins: &["https://api.hotjar.io"],
    calls_at_once: None,
};

/// All of a body but id and secret: 55. More is wiped in vain.
const REST_BYTES: usize = 64;

impl Vendor for Hotjar {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn schema(&self) -> &'static str {
        compact!(include_str!("hotjar.schema.json"))
    }

    fn grant(&self, form: &mut Form) -> Option<Grant> {
        let client = Client::read(form)?;
        Some(Grant {
            request: token_request(&client),
            scopes: Vec::new(),
            project: None,
            base_url: BaseUrl::Fixed("https://api.hotjar.io"),
        })
    }
}

fn token_request(client: &Client) -> Request {
    // Percent-encoding at most triples a text; with the room made, no copy of the secret is left behind by growing.
    let room = REST_BYTES + 3 * (client.id.expose().len() + client.secret.expose().len());
    let body = Serializer::new(String::with_capacity(room))
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", client.id.expose())
        .append_pair("client_secret", client.secret.expose())
        .finish();
    Request {
        authority: "api.hotjar.io",
        path: "/v1/oauth/token",
        content_type: "application/x-www-form-urlencoded",
        body: Zeroizing::new(body.into_bytes()),
    }
}
