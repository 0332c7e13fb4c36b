//! Public services, each described by the TOML file of its name. They follow the documentation that
//! the file links to, and are untried against the live services.

#![cfg_attr(target_family = "wasm", no_std)]

use connector_vendor_file::vendor;

vendor!(Auth0, "auth0.toml");
vendor!(Datadog, "datadog.toml");
vendor!(Mailgun, "mailgun.toml");
vendor!(MicrosoftGraph, "microsoft-graph.toml");
vendor!(Nasa, "nasa.toml");
vendor!(PayPal, "paypal.toml");
vendor!(Salesforce, "salesforce.toml");
vendor!(Shopify, "shopify.toml");
vendor!(Stripe, "stripe.toml");
vendor!(Twilio, "twilio.toml");
vendor!(Twitch, "twitch.toml");
vendor!(Zoom, "zoom.toml");

connector_guest::export!(
    Auth0,
    Datadog,
    Mailgun,
    MicrosoftGraph,
    Nasa,
    PayPal,
    Salesforce,
    Shopify,
    Stripe,
    Twilio,
    Twitch,
    Zoom,
);

#[cfg(test)]
mod tests;
