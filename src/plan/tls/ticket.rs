//! Sessions that clients come back with: in tickets that they keep (RFC 5077), or by an id in a
//! cache of the process. Both are good for `tune.ssl.lifetime`.
//!
//! With `tls-ticket-keys` the keys come from a file, so that several processes can read each
//! other's tickets: of the three last ones the second is written with, and all are read.

use crate::base::clock;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use hmac::{Hmac, Mac};
use parking_lot::RwLock;
use rustls::server::{
    NoServerSessionStorage, ProducesTickets, ServerSessionMemoryCache, StoresServerSessions,
};
use sha2::Sha256;
use std::sync::Arc;

/// Sessions kept for clients that take no tickets (`tune.ssl.cachesize`).
const CACHE: usize = 20_000;
/// Bytes of a key's name and of an initial vector.
const BLOCK: usize = 16;
/// Bytes of a ticket's signature.
const MAC: usize = 32;
/// How many keys are held.
pub const KEYS: usize = 3;

/// A key as files have it: name, key of the signature, key of the cipher. 48 or 80 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// From its bytes; `None`: there are too few or too many.
    pub fn new(bytes: Vec<u8>) -> Option<Key> {
        matches!(bytes.len(), 48 | 80).then_some(Key(bytes))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn parts(&self) -> Option<(&[u8], &[u8], &[u8])> {
        let (name, secrets) = self.0.split_at_checked(BLOCK)?;
        let (mac, cipher) = secrets.split_at_checked(secrets.len() / 2)?;
        Some((name, mac, cipher))
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let (name, mac, cipher) = self.parts()?;
        let mut iv = [0; BLOCK];
        aws_lc_rs::rand::fill(&mut iv).ok()?;
        let mut room = plain.to_vec();
        room.resize(plain.len() + BLOCK, 0);
        let sealed = match cipher.len() {
            16 => cbc::Encryptor::<aes::Aes128>::new_from_slices(cipher, &iv)
                .ok()?
                .encrypt_padded_mut::<Pkcs7>(&mut room, plain.len()),
            _ => cbc::Encryptor::<aes::Aes256>::new_from_slices(cipher, &iv)
                .ok()?
                .encrypt_padded_mut::<Pkcs7>(&mut room, plain.len()),
        };
        let sealed = sealed.ok()?;
        let mut ticket = [name, &iv, sealed].concat();
        let mut signer = Hmac::<Sha256>::new_from_slice(mac).ok()?;
        signer.update(&ticket);
        ticket.extend_from_slice(&signer.finalize().into_bytes());
        Some(ticket)
    }

    fn open(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, mac, cipher) = self.parts()?;
        let (signed, signature) = ticket.split_at_checked(ticket.len().checked_sub(MAC)?)?;
        let mut signer = Hmac::<Sha256>::new_from_slice(mac).ok()?;
        signer.update(signed);
        signer.verify_slice(signature).ok()?;
        let rest = signed.strip_prefix(name)?;
        let (iv, sealed) = rest.split_at_checked(BLOCK)?;
        let mut room = sealed.to_vec();
        let plain = match cipher.len() {
            16 => cbc::Decryptor::<aes::Aes128>::new_from_slices(cipher, iv)
                .ok()?
                .decrypt_padded_mut::<Pkcs7>(&mut room),
            _ => cbc::Decryptor::<aes::Aes256>::new_from_slices(cipher, iv)
                .ok()?
                .decrypt_padded_mut::<Pkcs7>(&mut room),
        };
        plain.ok().map(<[u8]>::to_vec)
    }
}

/// Keys from a file.
#[derive(Debug)]
pub struct KeyFile {
    /// The file.
    pub name: String,
    keys: RwLock<Vec<Key>>,
}

impl KeyFile {
    /// With the keys in a file; the last three count.
    pub fn new(name: String, mut keys: Vec<Key>) -> KeyFile {
        let old = keys.len().saturating_sub(KEYS);
        keys.drain(..old);
        KeyFile {
            name,
            keys: RwLock::new(keys),
        }
    }

    /// The keys, the oldest first.
    pub fn keys(&self) -> Vec<Key> {
        self.keys.read().clone()
    }

    /// Takes another key, in the place of the oldest one; false: it has not as many bytes as
    /// those before.
    pub fn push(&self, key: Key) -> bool {
        let mut keys = self.keys.write();
        if keys.first().is_some_and(|k| k.0.len() != key.0.len()) {
            return false;
        }
        keys.remove(0);
        keys.push(key);
        true
    }

    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let keys = self.keys.read();
        keys.get(keys.len().checked_sub(2)?)?.seal(plain)
    }

    fn open(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.keys.read().iter().find_map(|k| k.open(ticket))
    }
}

/// Makes and reads tickets.
#[derive(Debug)]
pub struct Tickets {
    /// Keys of a file; `None`: the process makes its own.
    pub file: Option<Arc<KeyFile>>,
    own: Arc<dyn ProducesTickets>,
    lifetime: u32,
}

impl Tickets {
    /// Tickets for so many seconds. `None`: the machine gives no random numbers.
    pub fn new(file: Option<Arc<KeyFile>>, lifetime: u32) -> Option<Tickets> {
        Some(Tickets {
            file,
            own: rustls::crypto::aws_lc_rs::Ticketer::new().ok()?,
            lifetime,
        })
    }
}

fn now() -> u64 {
    clock::unix_time().as_secs()
}

/// What lies behind the time at which it was written, unless that is too long ago.
fn fresh(stamped: Vec<u8>, lifetime: u32) -> Option<Vec<u8>> {
    let (time, value) = stamped.split_first_chunk::<8>()?;
    let age = now().saturating_sub(u64::from_be_bytes(*time));
    (age <= u64::from(lifetime)).then(|| value.to_vec())
}

fn stamped(value: &[u8]) -> Vec<u8> {
    [&now().to_be_bytes()[..], value].concat()
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }
    fn lifetime(&self) -> u32 {
        self.lifetime
    }
    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let plain = stamped(plain);
        match &self.file {
            Some(file) => file.seal(&plain),
            None => self.own.encrypt(&plain),
        }
    }
    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let plain = match &self.file {
            Some(file) => file.open(ticket),
            None => self.own.decrypt(ticket),
        };
        fresh(plain?, self.lifetime)
    }
}

/// Sessions of the process, for so many seconds.
#[derive(Debug)]
struct Aging {
    cache: Arc<dyn StoresServerSessions>,
    lifetime: u32,
}

impl StoresServerSessions for Aging {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.cache.put(key, stamped(&value))
    }
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        fresh(self.cache.get(key)?, self.lifetime)
    }
    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        fresh(self.cache.take(key)?, self.lifetime)
    }
    fn can_cache(&self) -> bool {
        true
    }
}

/// The cache of sessions: of so many, for so many seconds.
pub fn storage(size: Option<u32>, lifetime: u32) -> Arc<dyn StoresServerSessions> {
    match size {
        Some(0) => Arc::new(NoServerSessionStorage {}),
        size => Arc::new(Aging {
            cache: ServerSessionMemoryCache::new(size.map_or(CACHE, |n| n as usize)),
            lifetime,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_files() {
        let key = |byte: u8, length| Key::new(vec![byte; length]).unwrap();
        assert!(Key::new(vec![0; 47]).is_none());
        for length in [48, 80] {
            let (one, other) = (key(1, length), key(2, length));
            let ticket = one.seal(b"session").unwrap();
            assert_eq!(one.open(&ticket).as_deref(), Some(&b"session"[..]));
            assert_eq!(other.open(&ticket), None);
            let mut forged = ticket.clone();
            forged[20] ^= 1;
            assert_eq!(one.open(&forged), None);
        }
        let file = KeyFile::new("f".into(), (0..4).map(|n| key(n, 48)).collect());
        assert_eq!(file.keys(), [key(1, 48), key(2, 48), key(3, 48)]);
        let ticket = file.seal(b"x").unwrap();
        assert_eq!(ticket.get(..16), Some(&[2; 16][..]), "the one but last");
        assert!(!file.push(key(9, 80)));
        assert!(file.push(key(4, 48)) && file.push(key(5, 48)));
        assert!(file.open(&ticket).is_none(), "two keys later");
    }

    #[test]
    fn old_sessions_are_forgotten() {
        assert_eq!(fresh(stamped(b"a"), 300).as_deref(), Some(&b"a"[..]));
        let old = [&(now() - 400).to_be_bytes()[..], b"a"].concat();
        assert_eq!(fresh(old, 300), None);
    }
}
