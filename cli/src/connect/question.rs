//! The question for each field: read from the schema, with the choices that the vendor named for
//! its JSON pointer.

use connector_host::{Access, FieldChoices, Issue};
use serde_json::{Map, Value, json};

use crate::failure::plain;
use crate::json::moment;
use crate::schema;

/// Follows the title of a choice that the credential cannot use.
const UNAVAILABLE: &str = " — not available to this credential";

/// One field of the form.
pub(super) struct Question {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) help: String,
    pub(super) required: bool,
    pub(super) kind: Kind,
    default: Option<Value>,
}

/// The kind of answer.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// Typed, and not shown.
    Secret,
    /// Typed.
    Text,
    /// A whole number, at least this.
    Integer(i64),
    /// Yes or no.
    Flag,
    /// One of these.
    One(Vec<Choice>),
    /// Any of these; none of them where the list is open.
    Several(Vec<Choice>),
}

/// One of several possible answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) value: Value,
    pub(super) title: String,
    /// Whether the credential can use it, as far as is known.
    pub(super) available: bool,
}

/// The fields in the order of the form.
pub(super) fn all(schema: &Value) -> Vec<Question> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let question = |(name, property): (&String, &Value)| {
        let text = |keyword: &str| property.get(keyword).and_then(Value::as_str);
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
    if schema::is_secret(property) {
        return Kind::Secret;
    }
    if let Some(choices) = choices(property) {
        return Kind::One(choices);
    }
    match property.get("type").and_then(Value::as_str) {
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
    Some(Choice {
        title: title.map_or_else(|| shown(&value), str::to_owned),
        value,
        available: true,
    })
}

/// A value as a person types it.
pub(super) fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl Question {
    pub(super) fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }

    /// Whether an issue is about this field, or a value within it.
    pub(super) fn is_about(&self, issue: &Issue) -> bool {
        field(&issue.pointer).as_deref() == Some(&*self.name)
    }

    /// A value of the field's type, to learn whether the field is allowed.
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

    /// The only value of a complete list.
    pub(super) fn only(&self, choices: &FieldChoices) -> Option<Choice> {
        let offered = self.offered(choices);
        match offered.as_slice() {
            [only] if choices.complete => Some(only.clone()),
            _ => None,
        }
    }

    /// The answer that consists of one chosen value.
    pub(super) fn answer_of(&self, value: Value) -> Value {
        match self.kind {
            Kind::Several(_) => json!([value]),
            _ => value,
        }
    }

    /// The vendor's choices that the field can hold, with the titles of the form where it has them.
    fn offered(&self, choices: &FieldChoices) -> Vec<Choice> {
        let of_form = match &self.kind {
            Kind::One(of_form) | Kind::Several(of_form) => of_form.as_slice(),
            _ => &[],
        };
        let fits = |value: &Value| match &self.kind {
            Kind::Text => value.is_string(),
            Kind::Integer(_) => value.is_i64() || value.is_u64(),
            Kind::Flag => value.is_boolean(),
            Kind::Several(of_form) => of_form.is_empty(),
            // A secret is no choice, and a form with its own choices has no others.
            Kind::Secret | Kind::One(_) => false,
        };
        let offered = |choice: &connector_host::Choice| {
            if let Some(known) = of_form.iter().find(|known| known.value == choice.value) {
                return Some(known.clone());
            }
            let value = shown(&choice.value);
            let title = if choice.title == value {
                value
            } else {
                format!("{} ({value})", choice.title)
            };
            fits(&choice.value).then(|| Choice {
                value: choice.value.clone(),
                title,
                available: true,
            })
        };
        choices.choices.iter().filter_map(offered).collect()
    }
}

/// The field that a JSON pointer leads to or into.
fn field(pointer: &str) -> Option<String> {
    let first = pointer.strip_prefix('/')?.split('/').next()?;
    Some(first.replace("~1", "/").replace("~0", "~"))
}

/// The access of a credential, and the answers in the form when it was requested.
pub(super) struct Inspected {
    pub(super) access: Access,
    pub(super) answers: Map<String, Value>,
}

impl Inspected {
    /// The choices for the field of a question, whether or not they still apply.
    pub(super) fn choices(&self, question: &Question) -> Option<&FieldChoices> {
        let pointer = question.name.replace('~', "~0").replace('/', "~1");
        let mut fields = self.access.fields.iter();
        fields.find(|field| field.pointer.strip_prefix('/') == Some(&*pointer))
    }

    /// Whether no field has changed on which the choices depend.
    pub(super) fn applies(&self, choices: &FieldChoices, answers: &Map<String, Value>) -> bool {
        let before = |pointer: &String| at(&self.answers, pointer);
        let mut pointers = choices.depends_on.iter();
        pointers.all(|pointer| before(pointer) == at(answers, pointer))
    }
}

/// The value at a JSON pointer.
fn at<'a>(answers: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let rest = pointer.get(1..)?.split_once('/').map(|(_, rest)| rest);
    let value = answers.get(&field(pointer)?)?;
    rest.map_or(Some(value), |rest| value.pointer(&format!("/{rest}")))
}

/// Whether an answer, or each item of a list, is among the choices, as far as they are complete.
pub(super) fn is_among(answer: &Value, choices: &FieldChoices) -> bool {
    let mut values = list(Some(answer)).into_iter();
    !choices.complete || values.all(|value| choices.choices.iter().any(|c| c.value == value))
}

/// The choices to show, and the chosen ones among them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Offer {
    pub(super) choices: Vec<Choice>,
    /// The values that are chosen already; at most one for a typed answer.
    pub(super) chosen: Vec<Value>,
    /// Whether a value beside the choices can be typed.
    pub(super) open: bool,
}

impl Offer {
    /// Chosen is the previous answer, else the only choice, else the schema's default as far as it
    /// is available.
    pub(super) fn of(
        question: &Question,
        choices: Option<&FieldChoices>,
        before: Option<&Value>,
    ) -> Self {
        let available = |value: &Value| {
            let offered = |choices: &FieldChoices| is_among(value, choices);
            choices.is_none_or(offered)
        };
        let mut shown = match &question.kind {
            Kind::One(of_form) | Kind::Several(of_form) if !of_form.is_empty() => of_form
                .iter()
                .map(|choice| mark(choice.clone(), available(&choice.value)))
                .collect(),
            _ => choices.map_or_else(Vec::new, |choices| question.offered(choices)),
        };
        let open = matches!(
            question.kind,
            Kind::Text | Kind::Integer(_) | Kind::Several(_)
        ) && !choices.is_some_and(|choices| choices.complete);
        // A list prompt has no input for other values.
        if open && question.kind == Kind::Several(Vec::new()) {
            shown.clear();
        }
        let chosen = before.cloned().map(|value| list(Some(&value)));
        let chosen = chosen.or_else(|| {
            let only = question.only(choices?)?;
            Some(vec![only.value])
        });
        let default = || {
            let default = list(question.default.as_ref()).into_iter();
            default.filter(available).collect()
        };
        let chosen = chosen.unwrap_or_else(default);
        if !shown.is_empty() {
            for value in &chosen {
                if !shown.iter().any(|choice| choice.value == *value) {
                    let title = self::shown(value);
                    let choice = Choice {
                        value: value.clone(),
                        title,
                        available: true,
                    };
                    shown.push(mark(choice, available(value)));
                }
            }
        }
        Self {
            choices: shown,
            chosen,
            open,
        }
    }
}

fn mark(mut choice: Choice, available: bool) -> Choice {
    if !available {
        choice.title.push_str(UNAVAILABLE);
    }
    choice.available = available;
    choice
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(values)) => values.clone(),
        Some(value) => vec![value.clone()],
    }
}

/// The access in a line, without the choices: those are shown with their fields.
pub(super) fn summary(access: &Access) -> String {
    let mut facts = vec!["the vendor accepts the credential".to_owned()];
    if let Some(identity) = &access.identity {
        facts.push(format!("holder: {}", plain(identity)));
    }
    if !access.scopes.is_empty() {
        facts.push(format!("scopes: {}", plain(&access.scopes.join(", "))));
    }
    if let Some(end) = access.credential_expires_at {
        facts.push(format!("it expires at {:.0}", moment(end)));
    }
    facts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions() -> Vec<Question> {
        all(&json!({
            "properties": {
                "key": {"title": "Key", "description": "Where to find it."},
                "hidden": {"type": "string", "writeOnly": true},
                "wing": {
                    "default": "room",
                    "oneOf": [{"const": "room", "title": "A room"}, {"const": "house"}],
                },
                "tasks": {
                    "type": "array",
                    "default": ["r", "w"],
                    "items": {
                        "oneOf": [
                            {"const": "r", "title": "Read"},
                            {"const": "w", "title": "Write"},
                        ],
                    },
                },
                "tags": {"type": "array", "items": {"type": "string"}},
                "a/b~c": {"type": "integer", "minimum": 1},
                "flag": {"type": "boolean"},
            },
            "required": ["key", "hidden"],
        }))
    }

    fn question(name: &str) -> Question {
        let found = questions().into_iter().find(|q| q.name == name);
        found.unwrap()
    }

    fn choices(pointer: &str, values: &[Value], complete: bool) -> FieldChoices {
        let choice = |value: &Value| connector_host::Choice {
            value: value.clone(),
            title: format!("the {}", shown(value)),
        };
        FieldChoices {
            pointer: pointer.into(),
            choices: values.iter().map(choice).collect(),
            complete,
            depends_on: vec!["/key".into(), "/deep/0".into()],
        }
    }

    fn titles(offer: &Offer) -> Vec<&str> {
        offer.choices.iter().map(|c| c.title.as_str()).collect()
    }

    #[test]
    fn questions_are_read_in_the_order_of_the_form() {
        let questions = questions();
        let names: Vec<_> = questions.iter().map(|q| q.name.as_str()).collect();
        let expected = ["key", "hidden", "wing", "tasks", "tags", "a/b~c", "flag"];
        assert_eq!(names, expected);
        assert_eq!(questions[0].help, "Where to find it.");
        assert!(questions[0].required && !questions[6].required);
        assert_eq!(questions[0].kind, Kind::Text);
        assert!(questions[1].is_secret());
        assert_eq!(questions[4].kind, Kind::Several(Vec::new()));
        assert_eq!(questions[5].kind, Kind::Integer(1));
        assert_eq!(questions[6].kind, Kind::Flag);
    }

    #[test]
    fn an_issue_is_about_the_field_that_its_pointer_leads_to_or_into() {
        for (pointer, about) in [
            ("/a~1b~0c", true),
            ("/a~1b~0c/2", true),
            ("/a", false),
            ("", false),
        ] {
            let issue = Issue {
                pointer: pointer.into(),
                code: "type".into(),
                message: String::new(),
            };
            assert_eq!(question("a/b~c").is_about(&issue), about, "{pointer}");
        }
    }

    #[test]
    fn without_choices_of_the_vendor_the_defaults_are_chosen() {
        let offer = |name| Offer::of(&question(name), None, None);
        assert_eq!(offer("wing").chosen, ["room"]);
        assert_eq!(titles(&offer("wing")), ["A room", "house"]);
        assert_eq!(offer("tasks").chosen, ["r", "w"]);
        let number = offer("a/b~c");
        assert!(number.choices.is_empty() && number.open);
    }

    #[test]
    fn complete_choices_mark_the_others_and_limit_the_defaults() {
        let known = choices("/tasks", &[json!("r"), json!("other")], true);
        let offer = Offer::of(&question("tasks"), Some(&known), None);
        assert_eq!(offer.chosen, ["r"]);
        let marked = "Write — not available to this credential";
        assert_eq!(titles(&offer), ["Read", marked]);
        let open = choices("/tasks", &[json!("r")], false);
        let offer = Offer::of(&question("tasks"), Some(&open), None);
        assert_eq!(titles(&offer), ["Read", "Write"]);
    }

    #[test]
    fn free_fields_offer_the_vendors_titles_and_values_of_their_type() {
        let values = [json!(7), json!("seven"), json!(8)];
        for complete in [true, false] {
            let known = choices("/a~1b~0c", &values, complete);
            let offer = Offer::of(&question("a/b~c"), Some(&known), None);
            assert_eq!(titles(&offer), ["the 7 (7)", "the 8 (8)"]);
            assert_eq!(offer.open, !complete);
        }
        let tags = choices("/tags", &[json!("x")], true);
        let offer = Offer::of(&question("tags"), Some(&tags), None);
        assert_eq!(titles(&offer), ["the x (x)"]);
    }

    #[test]
    fn an_earlier_answer_stays_chosen_and_is_marked_where_it_is_not_available() {
        let known = choices("/a~1b~0c", &[json!(7), json!(8)], true);
        let before = json!(9);
        let offer = Offer::of(&question("a/b~c"), Some(&known), Some(&before));
        assert_eq!(offer.chosen, [json!(9)]);
        let marked = "9 — not available to this credential";
        assert_eq!(titles(&offer), ["the 7 (7)", "the 8 (8)", marked]);
    }

    #[test]
    fn the_only_one_of_complete_choices_is_set() {
        for (name, values, complete, expected) in [
            ("wing", &[json!("house")][..], true, Some(json!("house"))),
            ("wing", &[json!("tower")], true, None),
            ("tasks", &[json!("w")], true, Some(json!(["w"]))),
            ("a/b~c", &[json!(7)], true, Some(json!(7))),
            ("a/b~c", &[json!(7)], false, None),
            ("a/b~c", &[json!(7), json!(8)], true, None),
            ("a/b~c", &[], true, None),
            ("hidden", &[json!("x")], true, None),
        ] {
            let question = question(name);
            let only = question.only(&choices("", values, complete));
            let answer = only.map(|only| question.answer_of(only.value));
            assert_eq!(answer, expected, "{name} {values:?} {complete}");
        }
    }

    #[test]
    fn choices_are_found_by_pointer_and_apply_while_their_fields_are_the_same() {
        let before = json!({"key": "k", "deep": [1]});
        let mut access = Access::default();
        access.fields = vec![choices("/a~1b~0c", &[], true)];
        let inspected = Inspected {
            access,
            answers: before.as_object().unwrap().clone(),
        };
        assert!(inspected.choices(&question("flag")).is_none());
        let found = inspected.choices(&question("a/b~c")).unwrap();
        for (answers, applies) in [
            (json!({"key": "k", "deep": [1], "flag": true}), true),
            (json!({"key": "other", "deep": [1]}), false),
            (json!({"key": "k", "deep": [2]}), false),
            (json!({"key": "k"}), false),
        ] {
            let answers = answers.as_object().unwrap();
            assert_eq!(inspected.applies(found, answers), applies, "{answers:?}");
        }
    }

    #[test]
    fn a_summary_shows_what_the_vendor_says_without_control_characters() {
        let mut access = Access::default();
        access.identity = Some("a\u{1b}b".into());
        access.scopes = vec!["r".into(), "w".into()];
        access.credential_expires_at = Some(std::time::UNIX_EPOCH);
        assert_eq!(
            summary(&access),
            "the vendor accepts the credential; holder: a\u{fffd}b; scopes: r, w; \
             it expires at 1970-01-01T00:00:00Z"
        );
    }
}
