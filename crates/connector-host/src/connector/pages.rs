//! Inspecting a credential to the last page, and merging the pages.

use crate::connector::Connector;
use crate::error::CallError;
use crate::types::{Access, FieldChoices, Session};

/// The pages of one inspection: a page has some hundred choices, and a person chooses from some
/// thousand at most.
pub const MAX_PAGES: usize = 50;
/// 100,000 choices take some 20 MB; more of them are no form.
const MAX_CHOICES: usize = 100_000;

impl Connector {
    /// Asks the vendor for the reach of a credential, page by page up to
    /// [`MAX_PAGES`], and merges the choices of each field. One request for each
    /// page.
    ///
    /// If there are more pages, the choices are not complete, and [`Access::next`] is the cursor of
    /// the next one. A failure of one page is the error.
    pub async fn inspect_all(
        &self,
        vendor: &str,
        credential: &str,
        session: Option<&Session>,
    ) -> Result<Access, CallError> {
        let mut all = self.inspect(vendor, credential, session, None).await?;
        for _ in 1..MAX_PAGES {
            let Some(cursor) = &all.next else {
                return Ok(all);
            };
            let choices = all.fields.iter().map(|field| field.choices.len());
            if choices.sum::<usize>() >= MAX_CHOICES {
                break;
            }
            let cursor = Some(&**cursor);
            let page = self.inspect(vendor, credential, session, cursor).await?;
            all.append(page);
        }
        if all.next.is_some() {
            for field in &mut all.fields {
                field.complete = false;
            }
        }
        Ok(all)
    }
}

impl Access {
    /// Appends the next page.
    fn append(&mut self, page: Self) {
        self.identity = self.identity.take().or(page.identity);
        append_new(&mut self.scopes, page.scopes);
        for field in page.fields {
            let mut fields = self.fields.iter_mut();
            match fields.find(|known| known.pointer == field.pointer) {
                Some(known) => known.append(field),
                None => self.fields.push(field),
            }
        }
        let ends = [self.credential_expires_at, page.credential_expires_at];
        self.credential_expires_at = ends.into_iter().flatten().min();
        self.next = page.next;
    }
}

impl FieldChoices {
    fn append(&mut self, page: Self) {
        self.choices.extend(page.choices);
        self.complete &= page.complete;
        append_new(&mut self.depends_on, page.depends_on);
    }
}

/// Appends the strings that are not in the list.
fn append_new(list: &mut Vec<String>, more: Vec<String>) {
    for text in more {
        if !list.contains(&text) {
            list.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::types::Choice;

    fn field(pointer: &str, values: &[i32], complete: bool) -> FieldChoices {
        let choice = |value: &i32| Choice {
            value: (*value).into(),
            title: value.to_string(),
        };
        FieldChoices {
            pointer: pointer.to_owned(),
            choices: values.iter().map(choice).collect(),
            complete,
            depends_on: vec!["/id".to_owned()],
        }
    }

    #[test]
    fn pages_are_merged_by_field() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let mut all = Access {
            scopes: vec!["a".to_owned()],
            fields: vec![field("/a", &[1, 2], true), field("/b", &[1], true)],
            credential_expires_at: at(9),
            next: Some("2".to_owned()),
            ..Access::default()
        };
        all.append(Access {
            identity: Some("Jane".to_owned()),
            scopes: vec!["b".to_owned(), "a".to_owned()],
            fields: vec![field("/c", &[1], true), field("/a", &[3], false)],
            credential_expires_at: at(7),
            next: None,
        });
        let expected = Access {
            identity: Some("Jane".to_owned()),
            scopes: vec!["a".to_owned(), "b".to_owned()],
            fields: vec![
                field("/a", &[1, 2, 3], false),
                field("/b", &[1], true),
                field("/c", &[1], true),
            ],
            credential_expires_at: at(7),
            next: None,
        };
        assert_eq!(all, expected);
    }
}
