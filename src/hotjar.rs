//! Hotjar: a form body, a fixed base URL, scopes fixed on the key.
//! Keys are made at <https://insights.hotjar.com/settings/api>.

use alloc::string::String;

use connector_guest::{
    Description, Error, Fields, Form, Inspection, Open, Request, Schema, Secret, Text, Vendor,
    VendorInfo,
};

/// The vendor.
pub struct Hotjar;

/// An API key, in the words of RFC 6749 §2.
pub struct Credential {
    client_id: Secret,
    client_secret: Secret,
}

const BASE_URL: &str = "https://api.hotjar.io";

static INFO: VendorInfo = VendorInfo::new("hotjar", &[BASE_URL]).inspection(Inspection::Credential);

const DESCRIPTION: Description =
    Description::new("Hotjar", "https://insights.hotjar.com/settings/api")
        .summary(Text::new(
            "Reads surveys and their responses, and manages the data of users.",
            &[(
                "fr",
                "Lit les enquêtes et leurs réponses, et gère les données des utilisateurs.",
            )],
        ))
        .prerequisites(&[
            Text::new("A Scale plan.", &[("fr", "Un abonnement Scale.")]),
            Text::new(
                "An organisation admin, who makes the API key.",
                &[(
                    "fr",
                    "Un administrateur de l’organisation, qui crée la clé d’API.",
                )],
            ),
        ])
        .documentation_url("https://help.hotjar.com/hc/en-us/articles/36820005914001")
        .sample_call("/v1/sites/{site_id}/surveys?limit=1");

impl Vendor for Hotjar {
    type Credential = Credential;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn schema(&self) -> Schema {
        Schema::new(
            include_str!("hotjar.schema.json"),
            &[("fr", include_str!("hotjar.fr.json"))],
        )
    }

    fn read(&self, form: &mut Form) -> Option<Credential> {
        let client_id = form.required("client_id").string();
        let client_secret = form.required("client_secret").string();
        Some(Credential {
            client_id: client_id?,
            client_secret: client_secret?,
        })
    }

    fn open(&self, credential: &Credential, _: Option<&Secret>) -> Result<Open, Error> {
        let request = Request::post("https://api.hotjar.io/v1/oauth/token").form(&[
            ("grant_type", "client_credentials"),
            ("client_id", credential.client_id.expose()),
            ("client_secret", credential.client_secret.expose()),
        ]);
        Ok(Open::Request(request))
    }

    fn base_url(&self, _: &Credential, _: &mut Fields) -> Result<String, Error> {
        Ok(BASE_URL.into())
    }
}

#[cfg(test)]
mod tests;
