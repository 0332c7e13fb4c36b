//! The help of `describe`, which takes only its target.

pub(super) const EXAMPLES: &str = "\
Examples:
  connector describe hotjar
  LC_ALL=fr connector describe hotjar";
