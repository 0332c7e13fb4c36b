//! The routes of the page's API. Stands alone, because the tests of the program include it.

use http::Method;

/// The requests that the page sends.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    Vendors,
    Schema,
    Validate,
    Inspect,
    List,
    Save,
    Update,
    Remove,
    Choose,
    Refresh,
    Access,
}

/// The method and the path of each route. `*` is an id.
pub(crate) const ROUTES: [(&str, &str, Route); 11] = [
    ("GET", "vendors", Route::Vendors),
    ("GET", "vendors/*/schema", Route::Schema),
    ("POST", "validate", Route::Validate),
    ("POST", "inspect", Route::Inspect),
    ("GET", "credentials", Route::List),
    ("POST", "credentials", Route::Save),
    ("PUT", "credentials/*", Route::Update),
    ("DELETE", "credentials/*", Route::Remove),
    ("POST", "credentials/*/session", Route::Choose),
    ("POST", "credentials/*/refresh", Route::Refresh),
    ("POST", "credentials/*/access", Route::Access),
];

/// The route of a request, and the id in its path; an empty one in a path without an id.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Option<(Route, &'a str)> {
    let id_of = |pattern: &str| {
        let mut id = "";
        let (mut expected, mut steps) = (pattern.split('/'), path.split('/'));
        loop {
            match (expected.next(), steps.next()) {
                (None, None) => return Some(id),
                (Some("*"), Some(step)) => id = step,
                (Some(expected), Some(step)) if expected == step => {}
                _ => return None,
            }
        }
    };
    let mut of_method = ROUTES.iter().filter(|(of, ..)| method == *of);
    of_method.find_map(|(_, pattern, route)| Some((*route, id_of(pattern)?)))
}
