//! Floor 3: samples, fetches, converters, patterns, ACLs and log formats: compiled once,
//! evaluated many times against a [`view::StreamView`].

pub mod acl;
pub mod logformat;
pub mod view;
