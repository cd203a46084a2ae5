//! Users, their passwords and groups (manual 12.1), and who a request says it comes from (RFC 7617,
//! RFC 6750).

use crate::proto::h1::Message;
use md5::{Digest, Md5};
use sha_crypt::{Sha256Params, Sha512Params, sha256_crypt_b64, sha512_crypt_b64};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// A `userlist` section.
#[derive(Clone, Debug, Default)]
pub struct UserList {
    /// Its name.
    pub name: String,
    /// Its users, in order.
    pub users: Vec<User>,
    /// Users and groups as `group` lines have them, until the section is complete.
    pub members: Vec<(Arc<[u8]>, String)>,
}

/// A user.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// His name.
    pub name: Vec<u8>,
    /// Without one he is never let in.
    pub password: Option<Password>,
    /// The groups he is in.
    pub groups: Vec<Arc<[u8]>>,
}

/// A password as it is kept.
#[derive(Clone, Debug)]
pub enum Password {
    /// As it is.
    Plain(Vec<u8>),
    /// As crypt(3) made it: `$5$salt$hash`.
    Hash(String),
}

impl UserList {
    /// Tells each user the groups that name him.
    pub fn complete(&mut self) {
        for (name, group) in std::mem::take(&mut self.members) {
            let mut users = self.users.iter_mut();
            if let Some(user) = users.find(|u| u.name[..] == name[..]) {
                user.groups.push(group.into_bytes().into());
            }
        }
    }

    /// The user of that name, if that is his password.
    pub fn admits(&self, name: &[u8], password: &[u8]) -> Option<&User> {
        let user = self.users.iter().find(|u| u.name == name)?;
        let same = match user.password.as_ref()? {
            Password::Plain(text) => bool::from(text[..].ct_eq(password)),
            Password::Hash(hash) => verify(hash, password),
        };
        same.then_some(user)
    }
}

/// Whether a hash is of a kind that can be verified here.
pub fn is_known_hash(hash: &str) -> bool {
    let mut parts = hash.split('$');
    parts.next() == Some("")
        && matches!(
            parts.next(),
            Some("1" | "5" | "6" | "2" | "2a" | "2b" | "2x" | "2y")
        )
}

/// Whether crypt(3) makes `hash` of the password.
fn verify(hash: &str, password: &[u8]) -> bool {
    let mut parts = hash.split('$').skip(1);
    let made = match parts.next() {
        Some("1") => parts.next().map(|salt| md5_crypt(password, salt)),
        Some(kind @ ("5" | "6")) => {
            let (rounds, salt) = match parts.next() {
                Some(p) if p.starts_with("rounds=") => {
                    let rounds = p.trim_start_matches("rounds=").parse().unwrap_or(5000);
                    (rounds, parts.next())
                }
                salt => (5000, salt),
            };
            let salt = salt.unwrap_or_default();
            let salt = salt
                .get(..salt.len().min(16))
                .unwrap_or_default()
                .as_bytes();
            let made = match kind {
                "5" => Sha256Params::new(rounds)
                    .and_then(|params| sha256_crypt_b64(password, salt, &params)),
                _ => Sha512Params::new(rounds)
                    .and_then(|params| sha512_crypt_b64(password, salt, &params)),
            };
            made.ok()
        }
        Some("2" | "2a" | "2b" | "2x" | "2y") => {
            return bcrypt::verify(password, hash).unwrap_or(false);
        }
        _ => None,
    };
    let given = hash.rsplit('$').next().unwrap_or_default();
    made.is_some_and(|made| made.as_bytes().ct_eq(given.as_bytes()).into())
}

/// The hash of MD5 crypt: a thousand rounds over password and salt.
fn md5_crypt(password: &[u8], salt: &str) -> String {
    let salt = salt.as_bytes();
    let salt = salt.get(..salt.len().min(8)).unwrap_or_default();
    let digest = |parts: &[&[u8]]| -> [u8; 16] {
        let mut state = Md5::new();
        parts.iter().for_each(|part| state.update(part));
        state.finalize().into()
    };
    let inner = digest(&[password, salt, password]);
    let mut state = Md5::new();
    for part in [password, b"$1$", salt] {
        state.update(part);
    }
    for i in 0..password.len() {
        state.update([inner.get(i % 16).copied().unwrap_or(0)]);
    }
    let mut bits = password.len();
    while bits > 0 {
        let first = password.first().copied().unwrap_or(0);
        state.update([if bits & 1 == 1 { 0 } else { first }]);
        bits >>= 1;
    }
    let mut sum: [u8; 16] = state.finalize().into();
    for round in 0..1000 {
        let odd = round % 2 == 1;
        let (first, last) = match odd {
            true => (password, &sum[..]),
            false => (&sum[..], password),
        };
        let salt: &[u8] = if round % 3 > 0 { salt } else { b"" };
        let again: &[u8] = if round % 7 > 0 { password } else { b"" };
        sum = digest(&[first, salt, again, last]);
    }
    const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::with_capacity(22);
    let mut show = |mut bits: u32, digits: u32| {
        for _ in 0..digits {
            let digit = DIGITS.get((bits & 63) as usize).copied().unwrap_or(b'.');
            text.push(char::from(digit));
            bits >>= 6;
        }
    };
    let byte = |i: usize| u32::from(sum.get(i).copied().unwrap_or(0));
    for i in 0..5 {
        let third = if i == 4 { 5 } else { i + 12 };
        show(byte(i) << 16 | byte(i + 6) << 8 | byte(third), 4);
    }
    show(byte(11), 2);
    text
}

/// What the header says: the scheme and what follows it.
pub fn credentials(request: &Message) -> Option<(&[u8], &[u8])> {
    let value = request.header(b"authorization")?;
    let at = memchr::memchr(b' ', value).filter(|at| *at > 0)?;
    Some((value.get(..at)?, value.get(at..)?.trim_ascii_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes() {
        // Made with openssl passwd and htpasswd.
        for hash in [
            "$1$saltsalt$hZR.9zfJXcVTsa9iTxnQR1",
            "$5$saltsalt$9k0iflfLhuazVMAUTm0egnVlpP5ays5xBLqSJuoPfB9",
            "$6$saltsalt$KN.twvCyfwE67paW76hS2/bacYkY9PxIhxqYG9vL5bZmIwWBGDJ6mu4HlCosKUBfQwVXKXxXVXPcqdwd1Ip0X/",
            "$6$rounds=1000$abc$nqrE0hlbDdyXyoV18LSAxj1DNGvfNGVuhwmJXI/5ypZc21O1NBtbbihzlKROEPoovbZgEfoEY1nR.5cUXNIDv1",
            "$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe",
        ] {
            assert!(is_known_hash(hash));
            let password: &[u8] = if hash.starts_with("$2") {
                b"password"
            } else {
                b"pass"
            };
            assert!(verify(hash, password), "{hash}");
            assert!(!verify(hash, b"other"), "{hash}");
        }
        assert!(!is_known_hash("abJnggxhB/yWI"));
    }
}
