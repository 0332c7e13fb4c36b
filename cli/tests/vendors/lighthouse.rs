//! Lighthouse: an invented vendor that is inspected with a session, and names choices for two
//! fields of the form. One station has an origin that the vendor does not declare.

use connector_guest::{
    Access, Choice, Description, Error, FieldChoices, Fields, Form, Inspection, InspectionInput,
    Open, Request, Response, Schema, Secret, Timestamp, Vendor, VendorInfo, response,
};

pub struct Lighthouse;

pub struct Credential {
    key: Secret,
    origin: &'static str,
}

const BASE_URL: &str = "https://api.lighthouse.example";
const REMOTE: &str = "https://remote.lighthouse.example";

static INFO: VendorInfo =
    VendorInfo::new("lighthouse", &[BASE_URL]).inspection(Inspection::Session);

impl Vendor for Lighthouse {
    type Credential = Credential;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        Description::new("Lighthouse", "https://lighthouse.example/keys")
    }

    fn schema(&self) -> Schema {
        Schema::new(include_str!("lighthouse.schema.json"), &[])
    }

    fn read(&self, form: &mut Form) -> Option<Credential> {
        let key = form.required("key").token();
        let station = form.required("station").string();
        form.optional("lamp").string();
        let is_remote = station?.expose() == "remote";
        let origin = if is_remote { REMOTE } else { BASE_URL };
        Some(Credential { key: key?, origin })
    }

    fn origins(&self, credential: &Credential) -> Vec<String> {
        vec![credential.origin.into()]
    }

    fn open(&self, credential: &Credential, _: Option<&Secret>) -> Result<Open, Error> {
        let form = [("key", credential.key.expose())];
        let request = Request::post([credential.origin, "/token"].concat()).form(&form);
        Ok(Open::Request(request))
    }

    fn base_url(&self, credential: &Credential, _: &mut Fields) -> Result<String, Error> {
        Ok(credential.origin.into())
    }

    fn inspection_request(
        &self,
        _: &mut Form,
        input: &InspectionInput,
    ) -> Result<Option<Request>, Error> {
        input.only_page()?;
        Ok(Some(Request::get([BASE_URL, "/me"].concat())))
    }

    fn access(&self, response: &Response, now: Timestamp) -> Result<Access, Error> {
        response::accept(&INFO.codes, response, now)?;
        let stations = vec![
            Choice::string("s1", Some("North pier")),
            Choice::string("s2", Some("South pier")),
        ];
        let lamps = vec![Choice::string("l1", Some("The old lamp"))];
        Ok(Access::default()
            .field(FieldChoices::complete("/station", stations))
            .field(FieldChoices::complete("/lamp", lamps)))
    }
}

connector_guest::export!(Lighthouse);
