//! What is asked for each field: read from the schema, and from what the vendor said the credential reaches.

use connector_host::Access;
use serde_json::{Value, json};

use crate::failure::plain;
use crate::schema;

/// The members that the contract's convention gives a meaning, so that what `inspect` found can be offered for them.
const PROJECT: &str = "project_id";
const SCOPES: &str = "scopes";
const LEVEL: &str = "credential_level";

/// One field of the form.
pub(super) struct Question {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) help: String,
    pub(super) required: bool,
    pub(super) kind: Kind,
    default: Option<Value>,
}

/// How a field is answered.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// Typed, and not shown.
    Secret,
    /// Typed.
    Text,
    /// A whole number, not below this.
    Integer(i64),
    /// Yes or no.
    Flag,
    /// One of these.
    One(Vec<Choice>),
    /// Any of these.
    Several(Vec<Choice>),
}

/// One of several possible answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) value: Value,
    pub(super) title: String,
}

/// The fields in the order of the form.
pub(super) fn all(schema: &Value) -> Vec<Question> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let question = |(name, property): (&String, &Value)| {
        let text = |member: &str| property.get(member).and_then(Value::as_str);
        Question {
            name: name.clone(),
            title: text("title").unwrap_or(name).to_owned(),
            help: text("description").unwrap_or_default().to_owned(),
            required: schema::requires(schema, name),
            kind: kind(property),
            default: property.get("default").cloned(),
        }
    };
    properties.into_iter().flatten().map(question).collect()
}

fn kind(property: &Value) -> Kind {
    let choices = |of: &Value| {
        let one_of = of.get("oneOf").and_then(Value::as_array);
        one_of.map(|list| list.iter().filter_map(choice).collect::<Vec<_>>())
    };
    let named = property.get("type").and_then(Value::as_str);
    if schema::is_secret(property) {
        return Kind::Secret;
    }
    if let Some(choices) = choices(property) {
        return Kind::One(choices);
    }
    match named {
        Some("array") => Kind::Several(property.get("items").and_then(choices).unwrap_or_default()),
        Some("integer") => {
            Kind::Integer(property.get("minimum").and_then(Value::as_i64).unwrap_or(0))
        }
        Some("boolean") => Kind::Flag,
        _ => Kind::Text,
    }
}

fn choice(of: &Value) -> Option<Choice> {
    let value = of.get("const")?.clone();
    let title = of.get("title").and_then(Value::as_str);
    let title = title.map_or_else(|| value.to_string(), str::to_owned);
    Some(Choice { value, title })
}

impl Question {
    pub(super) fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }

    /// A value of the field's type, to learn whether the field may be given at all.
    pub(super) fn example(&self) -> Value {
        let first = |choices: &[Choice]| choices.first().map(|choice| choice.value.clone());
        match &self.kind {
            Kind::Secret | Kind::Text => json!("example"),
            Kind::Integer(minimum) => json!(minimum),
            Kind::Flag => json!(true),
            Kind::One(choices) => first(choices).unwrap_or_default(),
            Kind::Several(choices) => Value::Array(first(choices).into_iter().collect()),
        }
    }
}

/// What a person chooses from, and what is chosen already.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Offer {
    pub(super) choices: Vec<Choice>,
    /// The values that are chosen already; for what is typed, at most one.
    pub(super) chosen: Vec<Value>,
}

impl Offer {
    /// What was answered before comes first, then what the vendor said, then the schema's default.
    pub(super) fn of(question: &Question, access: Option<&Access>, before: Option<&Value>) -> Self {
        let choices = choices(question, access);
        let known = || match (question.name.as_str(), access) {
            (LEVEL, Some(access)) => access.level.map(|level| json!(level.name())),
            (SCOPES, Some(access)) if !access.scopes.is_empty() => {
                let default = list(question.default.as_ref());
                let has = |value: &Value| access.scopes.iter().any(|scope| value == scope);
                Some(default.into_iter().filter(has).collect())
            }
            _ => None,
        };
        let value = before.cloned().or_else(known);
        let value = value.or_else(|| question.default.clone());
        Self {
            choices,
            chosen: list(value.as_ref()),
        }
    }
}

fn choices(question: &Question, access: Option<&Access>) -> Vec<Choice> {
    match (&question.kind, access) {
        (Kind::Integer(_), Some(access)) if question.name == PROJECT => {
            let choice = |project: &connector_host::Project| Choice {
                value: json!(project.id),
                title: format!("{} ({})", plain(&project.name), project.id),
            };
            access.projects.iter().map(choice).collect()
        }
        (Kind::Several(choices), Some(access))
            if question.name == SCOPES && !access.scopes.is_empty() =>
        {
            let mark = |choice: &Choice| {
                let has = access.scopes.iter().any(|scope| choice.value == *scope);
                let mut choice = choice.clone();
                if !has {
                    choice.title.push_str(" — this key does not have it");
                }
                choice
            };
            choices.iter().map(mark).collect()
        }
        (Kind::One(choices) | Kind::Several(choices), _) => choices.clone(),
        _ => Vec::new(),
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(values)) => values.clone(),
        Some(value) => vec![value.clone()],
    }
}

/// What the vendor said, in a line.
pub(super) fn summary(access: &Access) -> String {
    let mut facts = vec!["the vendor accepts it".to_owned()];
    if let Some(level) = access.level {
        facts.push(format!("level: {}", level.name()));
    }
    if !access.scopes.is_empty() {
        facts.push(format!("scopes: {}", plain(&access.scopes.join(", "))));
    }
    if !access.projects.is_empty() {
        facts.push(format!("projects: {}", access.projects.len()));
    }
    facts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_host::{Level, Project};

    fn questions() -> Vec<Question> {
        all(&json!({
            "properties": {
                "key": {"title": "Key", "description": "Where to find it."},
                "hidden": {"type": "string", "writeOnly": true},
                "credential_level": {"default": "project", "oneOf": [{"const": "project", "title": "P"}, {"const": "account"}]},
                "scopes": {"type": "array", "default": ["r", "w"], "items": {"oneOf": [{"const": "r", "title": "Read"}, {"const": "w", "title": "Write"}]}},
                "project_id": {"type": "integer", "minimum": 1},
                "flag": {"type": "boolean"},
            },
            "required": ["key", "hidden"],
        }))
    }

    fn access() -> Access {
        Access {
            scopes: vec!["r".into()],
            projects: vec![Project {
                id: 7,
                name: "a\u{1b}b".into(),
            }],
            level: Some(Level::Account),
        }
    }

    fn offer(name: &str, access: Option<&Access>, before: Option<&Value>) -> Offer {
        let questions = questions();
        let question = questions.iter().find(|q| q.name == name).unwrap();
        Offer::of(question, access, before)
    }

    #[test]
    fn questions_are_read_in_the_order_of_the_form() {
        let questions = questions();
        let names: Vec<_> = questions.iter().map(|q| q.name.as_str()).collect();
        let expected = [
            "key",
            "hidden",
            "credential_level",
            "scopes",
            "project_id",
            "flag",
        ];
        assert_eq!(names, expected);
        assert_eq!(questions[0].help, "Where to find it.");
        assert!(questions[0].required && !questions[5].required);
        assert_eq!(questions[0].kind, Kind::Text);
        assert!(questions[1].is_secret());
        assert_eq!(questions[4].kind, Kind::Integer(1));
        assert_eq!(questions[5].kind, Kind::Flag);
    }

    #[test]
    fn without_the_vendors_word_the_defaults_are_chosen() {
        assert_eq!(offer("credential_level", None, None).chosen, ["project"]);
        assert_eq!(offer("scopes", None, None).chosen, ["r", "w"]);
        assert!(offer("project_id", None, None).choices.is_empty());
    }

    #[test]
    fn the_vendors_word_chooses_the_level_and_marks_the_scopes() {
        let access = access();
        assert_eq!(
            offer("credential_level", Some(&access), None).chosen,
            ["account"]
        );
        let scopes = offer("scopes", Some(&access), None);
        assert_eq!(scopes.chosen, ["r"]);
        let titles: Vec<_> = scopes.choices.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(titles, ["Read", "Write — this key does not have it"]);
    }

    #[test]
    fn projects_are_offered_by_name_without_what_a_terminal_would_obey() {
        let projects = offer("project_id", Some(&access()), None).choices;
        assert_eq!(projects[0].title, "a\u{fffd}b (7)");
        assert_eq!(projects[0].value, json!(7));
    }

    #[test]
    fn what_was_answered_before_stays_chosen() {
        let before = json!(["w"]);
        assert_eq!(
            offer("scopes", Some(&access()), Some(&before)).chosen,
            ["w"]
        );
    }
}
