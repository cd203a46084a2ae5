//! Parts of lines that most lines leave as they are.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// What a line says that says nothing about it.
pub trait Usual: Default + 'static {
    /// The same as `default`.
    fn usual() -> &'static Self;
}

/// Takes room only once it is changed: a configuration may have a hundred thousand servers.
#[derive(Clone, Default)]
pub struct Rare<T>(Option<Box<T>>);

impl<T: Usual> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::usual())
    }
}

impl<T: Usual> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Usual + fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Usual + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
