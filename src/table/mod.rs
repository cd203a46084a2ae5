//! Floor 1: stick tables (configuration manual 11.1): keys, counters, expiry. No socket, no samples.
//!
//! A [`Table`] is shared by all threads. Its entries lie in 64 shards, each behind a mutex of its
//! own that is held for one look-up or one update only. The shard of a key is HAProxy's bucket of
//! it (XXH32 of the key, seeded by XXH64 of the table's name), so that listings come in the same
//! order.
//!
//! An entry is a row of 32-bit words: moment of the last touch, two links of the shard's list of
//! unused entries from the oldest to the newest, number of users, what peers need (only in tables
//! that have some), the key, and then the words of the stored data in the order of the numbers
//! that the data types have in HAProxy's peers protocol, which is the order of `show table` too. A
//! count is one word, a sum of bytes two, a rate three. Rows lie in chunks that never move; an
//! index of row numbers finds them. So an entry of one address with one counter takes 24 bytes and
//! about 8 of the index.
//!
//! The list orders unused entries by their last touch. As all entries of a table live equally long,
//! its head is also the first to expire: whoever inserts removes what has expired at the head of
//! its shard, and a look-up takes an expired entry for none. An entry in use ([`Tracked`]) is in no
//! list: it neither expires nor is purged, and goes to the end of the list when its last user
//! leaves. A full table drops the oldest unused entries first (`size / 512 + 1` of them at once, the
//! heads of the shards compared), unless it says `nopurge`; then, and when all are in use, nothing
//! new can be entered.
//!
//! Rates are two-period counters ([`rate`]). Everything that counts goes through [`Entry`], a row
//! borrowed under the shard's lock together with the present time.

mod data;
mod key;
pub mod rate;
mod row;
mod shard;
mod spec;
mod store;
mod tracked;

pub use data::{Data, Form};
pub use key::{Key, KeyType};
pub use row::{Entry, Layout, Row};
pub use spec::{ServerKey, Spec};
pub use store::{Place, Table};
pub use tracked::{Counters, Tracked};

#[cfg(test)]
mod tests;
