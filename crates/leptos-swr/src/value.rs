//! The bound of everything that the cache holds.

/// Data, errors and answers that the cache can hold and signals can show. Implemented for every type that
/// fits.
pub trait Value: Clone + PartialEq + Send + Sync + 'static {}

impl<V: Clone + PartialEq + Send + Sync + 'static> Value for V {}
