//! Conditions, read from a schema's chain of `if`, `then` and `else`: any of several paths through
//! the chain, and on each path all of its tests. The consequences are read elsewhere.

use serde_json::{Map, Value};

/// The question that one `if` asks of the document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Question<'a> {
    /// Whether a field is this value. The schema is the one the field is tested with.
    Equals {
        field: &'a str,
        value: &'a Value,
        schema: &'a Value,
    },
    /// Whether a field is a list with this entry; `alone` when the schema then allows no other.
    Holds {
        field: &'a str,
        value: &'a Value,
        schema: &'a Value,
        alone: bool,
    },
    /// Whether the whole document satisfies this schema, which only a validator can answer.
    Satisfies { schema: &'a Value },
}

/// A question and the required answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Test<'a> {
    pub(crate) question: Question<'a>,
    pub(crate) yes: bool,
}

/// Any of these paths, each of which is all of its tests. Without a path it never holds; with a
/// path without tests it always does.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct When<'a>(Vec<Vec<Test<'a>>>);

impl<'a> When<'a> {
    fn always() -> Self {
        Self(vec![Vec::new()])
    }

    /// The paths.
    pub(crate) fn paths(&self) -> &[Vec<Test<'a>>] {
        &self.0
    }

    pub(crate) fn is_always(&self) -> bool {
        self.0.iter().any(Vec::is_empty)
    }

    pub(crate) fn is_never(&self) -> bool {
        self.0.is_empty()
    }

    /// The test, if there is only one.
    pub(crate) fn single(&self) -> Option<Test<'a>> {
        match self.0.as_slice() {
            [path] => match path.as_slice() {
                [test] => Some(*test),
                _ => None,
            },
            _ => None,
        }
    }

    /// Either condition.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self([self.0.as_slice(), other.0.as_slice()].concat()).simplified()
    }

    /// This, and all of `tests`.
    fn and(&self, tests: &[Test<'a>]) -> Self {
        let path = |path: &Vec<Test<'a>>| [path.as_slice(), tests].concat();
        Self(self.0.iter().map(path).collect())
    }

    /// Simplifies: two paths that differ only in one answer are one without that test, and a path
    /// with all tests of another is redundant.
    fn simplified(mut self) -> Self {
        while let Some(shorter) = self.merged_once() {
            self = shorter;
        }
        self
    }

    fn merged_once(&self) -> Option<Self> {
        let pairs = (0_usize..).zip(&self.0).flat_map(|(at, one)| {
            let others = (0_usize..).zip(&self.0);
            others
                .filter(move |(other_at, _)| *other_at != at)
                .map(move |(other_at, other)| (at, one, other_at, other))
        });
        for (at, one, other_at, other) in pairs {
            let merged = if asks_all_of(other, one) {
                Some(one.clone())
            } else {
                without_the_one_that_differs(one, other)
            };
            if let Some(merged) = merged {
                let rest = (0_usize..).zip(&self.0);
                let rest = rest.filter(|(n, _)| ![at, other_at].contains(n));
                let paths = rest.map(|(_, path)| path.clone()).chain([merged]);
                return Some(Self(paths.collect()));
            }
        }
        None
    }
}

fn asks_all_of(path: &[Test<'_>], of: &[Test<'_>]) -> bool {
    of.iter().all(|test| path.contains(test))
}

fn without_the_one_that_differs<'a>(one: &[Test<'a>], other: &[Test<'a>]) -> Option<Vec<Test<'a>>> {
    let (same, different): (Vec<Test<'a>>, Vec<Test<'a>>) =
        one.iter().partition(|test| other.contains(test));
    let [differs] = different.as_slice() else {
        return None;
    };
    let opposite = Test {
        yes: !differs.yes,
        ..*differs
    };
    (one.len() == other.len() && other.contains(&opposite)).then_some(same)
}

/// The conditions under which `applies` is true of a branch of the schema; for the root, always.
pub(crate) fn when<'a>(schema: &'a Value, applies: &dyn Fn(&Value) -> bool) -> When<'a> {
    let mut found = Vec::new();
    walk(schema, &When::always(), &mut |branch, when| {
        if applies(branch) {
            found.extend_from_slice(when.paths());
        }
    });
    When(found).simplified()
}

/// Every branch, with the conditions that lead to it.
fn walk<'a>(branch: &'a Value, here: &When<'a>, visit: &mut dyn FnMut(&'a Value, &When<'a>)) {
    visit(branch, here);
    let Some(asked) = branch.get("if") else {
        return;
    };
    let then = branch.get("then");
    let questions = questions(asked, then);
    if let Some(then) = then {
        let tests = questions.iter().map(|&question| Test {
            question,
            yes: true,
        });
        walk(then, &here.and(&tests.collect::<Vec<_>>()), visit);
    }
    if let Some(otherwise) = branch.get("else") {
        // Not all of the answers are yes: any of them is no.
        let no = questions.iter().flat_map(|&question| {
            let test = Test {
                question,
                yes: false,
            };
            here.and(&[test]).0
        });
        walk(otherwise, &When(no.collect()), visit);
    }
}

/// The questions of an `if`, all of which have to be answered with yes.
fn questions<'a>(asked: &'a Value, then: Option<&'a Value>) -> Vec<Question<'a>> {
    about_fields(asked, then).unwrap_or_else(|| vec![Question::Satisfies { schema: asked }])
}

/// The questions of an `if` that requires each field, and in it a `const` or a list with one.
fn about_fields<'a>(asked: &'a Value, then: Option<&'a Value>) -> Option<Vec<Question<'a>>> {
    let keywords = asked.as_object()?;
    let only = |name: &String| ["properties", "required"].contains(&name.as_str());
    if !keywords.keys().all(only) {
        return None;
    }
    let fields = keywords.get("properties")?.as_object()?;
    let required = keywords.get("required")?.as_array()?;
    let present = required.len() == fields.len()
        && required
            .iter()
            .all(|name| name.as_str().is_some_and(|name| fields.contains_key(name)));
    if !present || fields.is_empty() {
        return None;
    }
    let question = |(field, schema): (&'a String, &'a Value)| question(field, schema, then);
    fields.iter().map(question).collect()
}

fn question<'a>(field: &'a str, schema: &'a Value, then: Option<&Value>) -> Option<Question<'a>> {
    let keywords = schema.as_object()?;
    if let Some(value) = only_keyword(keywords, "const") {
        return Some(Question::Equals {
            field,
            value,
            schema,
        });
    }
    let value = only_keyword(only_keyword(keywords, "contains")?.as_object()?, "const")?;
    // Without it, a value that is no list would pass as well.
    if keywords.get("type")? != "array" {
        return None;
    }
    let limit = then.and_then(|then| then.get("properties")?.get(field)?.get("maxItems"));
    Some(Question::Holds {
        field,
        value,
        schema,
        alone: limit.and_then(Value::as_u64) == Some(1),
    })
}

/// The keyword of this name, when there is no other but `type`.
fn only_keyword<'a>(keywords: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let known = |other: &String| other == name || other == "type";
    keywords.get(name).filter(|_| keywords.keys().all(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn requires(schema: &Value) -> When<'_> {
        when(schema, &|branch| branch["required"] == json!(["x"]))
    }

    fn is(field: &str, value: &str) -> Value {
        json!({"properties": {field: {"const": value}}, "required": [field]})
    }

    fn fields(when: &When<'_>) -> Vec<Vec<(String, bool)>> {
        let name = |test: &Test<'_>| match test.question {
            Question::Equals { field, .. } | Question::Holds { field, .. } => {
                (field.to_owned(), test.yes)
            }
            Question::Satisfies { .. } => ("?".to_owned(), test.yes),
        };
        let path = |path: &Vec<Test<'_>>| path.iter().map(name).collect();
        when.paths().iter().map(path).collect()
    }

    #[test]
    fn the_root_is_always_and_nowhere_is_never() {
        assert!(requires(&json!({"required": ["x"]})).is_always());
        assert!(requires(&json!({"if": is("a", "1"), "then": {}})).is_never());
    }

    #[test]
    fn a_branch_holds_under_all_tests_on_the_way_to_it() {
        let schema = json!({
            "if": is("a", "1"),
            "else": {"if": is("b", "2"), "then": {"required": ["x"]}},
        });
        let expected = [[("a".to_owned(), false), ("b".to_owned(), true)]];
        assert_eq!(fields(&requires(&schema)), expected);
    }

    #[test]
    fn a_test_that_makes_no_difference_is_dropped() {
        let inner = json!({"if": is("b", "2"), "then": {"required": ["x"]}});
        let schema = json!({"if": is("a", "1"), "then": inner, "else": inner});
        assert_eq!(fields(&requires(&schema)), [[("b".to_owned(), true)]]);
    }

    #[test]
    fn both_branches_together_are_always() {
        let branch = json!({"required": ["x"]});
        let schema = json!({"if": is("a", "1"), "then": branch, "else": branch});
        assert!(requires(&schema).is_always());
    }

    #[test]
    fn not_all_is_any_that_is_not() {
        let schema = json!({
            "if": {"properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": ["a", "b"]},
            "else": {"required": ["x"]},
        });
        let expected = [[("a".to_owned(), false)], [("b".to_owned(), false)]];
        assert_eq!(fields(&requires(&schema)), expected);
    }

    #[test]
    fn a_question_that_is_not_understood_stays_whole() {
        for asked in [
            // Without `required`, a missing field passes.
            json!({"properties": {"a": {"const": 1}}}),
            json!({"properties": {"a": {"const": 1}}, "required": ["b"]}),
            json!({"properties": {"a": {"minimum": 1}}, "required": ["a"]}),
            json!({"properties": {"a": {"contains": {"const": 1}}}, "required": ["a"]}),
            json!({"properties": {"a": {"const": 1, "minimum": 0}}, "required": ["a"]}),
            json!({"not": {"required": ["a"]}}),
            json!(true),
        ] {
            let schema = json!({"if": asked, "then": {"required": ["x"]}});
            assert_eq!(fields(&requires(&schema)), [[("?".to_owned(), true)]]);
        }
    }

    #[test]
    fn an_entry_is_alone_only_where_the_schema_then_says_so() {
        for (limit, expected) in [(json!(1), true), (json!(2), false), (json!(null), false)] {
            let schema = json!({
                "if": {
                    "properties": {"l": {"type": "array", "contains": {"const": "e"}}},
                    "required": ["l"],
                },
                "then": {"properties": {"l": {"maxItems": limit}}, "required": ["x"]},
            });
            let test = requires(&schema).single().unwrap();
            let Question::Holds { alone, .. } = test.question else {
                panic!("{test:?}");
            };
            assert_eq!(alone, expected);
        }
    }
}
