//! Making a generated input smaller as long as it still shows a breach.

use proptest::strategy::ValueTree;

/// Steps of one search: each is a call of the plugin.
const MAX_STEPS: usize = 1_000;

/// Returns the smallest input below `tree` for which `breach` returns something, with that. `first`
/// is the result for the current one.
pub(crate) async fn smallest<T: ValueTree, B>(
    tree: &mut T,
    first: B,
    breach: impl AsyncFn(&T::Value) -> Option<B>,
) -> (T::Value, B) {
    let mut smallest = (tree.current(), first);
    if !tree.simplify() {
        return smallest;
    }
    for _ in 0..MAX_STEPS {
        let current = tree.current();
        let goes_on = match breach(&current).await {
            Some(found) => {
                smallest = (current, found);
                tree.simplify()
            }
            None => tree.complicate(),
        };
        if !goes_on {
            break;
        }
    }
    smallest
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;

    use super::smallest;

    #[tokio::test]
    async fn finds_the_smallest_number_above_a_limit() {
        let mut tree = (0..1_000_u32)
            .prop_filter("large", |number| *number > 500)
            .new_tree(&mut TestRunner::deterministic())
            .unwrap();
        let breach = async |number: &u32| (*number > 41).then_some(*number);
        let first = tree.current();
        // The filter keeps it above 500.
        assert_eq!(smallest(&mut tree, first, breach).await, (501, 501));
    }
}
