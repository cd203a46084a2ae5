//! AES in GCM and CBC mode (manual 7.3.1; NIST SP 800-38D and 38A).

use super::{Conv, Example, keyed};
use crate::sample::args::{Arg, Kind, int, text};
use crate::sample::conv::encodings::to_base64;
use crate::sample::value::{Sample, Type};
use crate::sample::vars::{self, Owned};
use crate::sample::view::Eval;
use aes::cipher::{
    BlockCipher, BlockEncrypt, BlockEncryptMut, BlockSizeUser, InnerIvInit, KeyInit, KeyIvInit,
    StreamCipher, block_padding::Pkcs7, consts::U16,
};
use aes::cipher::{BlockDecrypt, BlockDecryptMut};
use aes::{Aes128, Aes192, Aes256};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;

pub(super) static CONVS: &[Conv] = &[
    Conv {
        name: "aes_gcm_dec",
        args: &[Kind::Int, Kind::Str, Kind::Str, Kind::Str, Kind::Str],
        required: 4,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| {
            prepare(args)?;
            keyed::prepare(args.get_mut(3), "aead_tag")?;
            keyed::prepare(args.get_mut(4), "aad")
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let given = keyed::bytes(args.get(3), e)?;
            let out = e.scratch.zeroed(s.len());
            out.copy_from_slice(s);
            let mut tag = [0u8; 16];
            with_key(args, e, |gcm| gcm.run(out, &mut tag, false))?;
            let same = given.len() <= 16
                && !given.is_empty()
                && bool::from(tag.get(..given.len())?.ct_eq(given));
            same.then_some(Sample::Bin(out))
        },
        doc: "Decrypts with AES-GCM: bits, nonce, key, tag and perhaps data that was only \
              authenticated, in base64 or variables that hold that.",
        examples: &[Example::of(
            "str(abc),aes_gcm_enc(128,MTIzNDU2Nzg5MDEy,MTIzNDU2Nzg5MDEyMzQ1Ng==,txn.tag),\
             aes_gcm_dec(128,MTIzNDU2Nzg5MDEy,MTIzNDU2Nzg5MDEyMzQ1Ng==,txn.tag)",
            "abc",
        )],
    },
    Conv {
        name: "aes_gcm_enc",
        args: &[Kind::Int, Kind::Str, Kind::Str, Kind::Str, Kind::Str],
        required: 4,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| {
            prepare(args)?;
            let tag = vars::intern(text(args, 3))
                .map_err(|m| format!("failed to parse aead_tag : {m}"))?;
            if let Some(arg) = args.get_mut(3) {
                *arg = Arg::Var(tag.0, tag.1);
            }
            keyed::prepare(args.get_mut(4), "aad")
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let out = e.scratch.zeroed(s.len());
            out.copy_from_slice(s);
            let mut tag = [0u8; 16];
            with_key(args, e, |gcm| gcm.run(out, &mut tag, true))?;
            if let Some(Arg::Var(scope, id)) = args.get(3) {
                let mut text = Vec::with_capacity(24);
                to_base64(&tag, &mut |b| text.push(b));
                vars::write(e.view, *scope, *id, Owned::Str(text));
            }
            Some(Sample::Bin(out))
        },
        doc: "Encrypts with AES-GCM: bits, nonce, key, a variable that gets the tag, and perhaps \
              data to be authenticated only.",
        examples: &[Example::of(
            "str(abc),aes_gcm_enc(128,MTIzNDU2Nzg5MDEy,MTIzNDU2Nzg5MDEyMzQ1Ng==,txn.tag),hex",
            "D0130D",
        )],
    },
    Conv {
        name: "aes_cbc_dec",
        args: &[Kind::Int, Kind::Str, Kind::Str, Kind::Str],
        required: 3,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| {
            prepare(args)?;
            keyed::prepare(args.get_mut(3), "aad")
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let iv = block(keyed::bytes(args.get(1), e)?);
            let key = keyed::bytes(args.get(2), e)?;
            let out = e.scratch.zeroed(s.len());
            out.copy_from_slice(s);
            let plain = match int(args, 0)? {
                128 => decrypt_cbc::<Aes128>(key, &iv, out),
                192 => decrypt_cbc::<Aes192>(key, &iv, out),
                _ => decrypt_cbc::<Aes256>(key, &iv, out),
            }?;
            Some(Sample::Bin(plain))
        },
        doc: "Decrypts with AES-CBC: bits, nonce and key.",
        examples: &[Example::of(
            "str(abc),aes_cbc_enc(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,MTIzNDU2Nzg5MDEyMzQ1Ng==),\
             aes_cbc_dec(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,MTIzNDU2Nzg5MDEyMzQ1Ng==)",
            "abc",
        )],
    },
    Conv {
        name: "aes_cbc_enc",
        args: &[Kind::Int, Kind::Str, Kind::Str, Kind::Str],
        required: 3,
        input: Type::Bin,
        out: Type::Bin,
        check: Some(|args, _| {
            prepare(args)?;
            keyed::prepare(args.get_mut(3), "aad")
        }),
        eval: |args, v, e| {
            let Sample::Bin(s) = v else { return None };
            let iv = block(keyed::bytes(args.get(1), e)?);
            let key = keyed::bytes(args.get(2), e)?;
            let out = e.scratch.zeroed(s.len() / 16 * 16 + 16);
            out.get_mut(..s.len())?.copy_from_slice(s);
            let made = match int(args, 0)? {
                128 => encrypt_cbc::<Aes128>(key, &iv, out, s.len()),
                192 => encrypt_cbc::<Aes192>(key, &iv, out, s.len()),
                _ => encrypt_cbc::<Aes256>(key, &iv, out, s.len()),
            }?;
            Some(Sample::Bin(made))
        },
        doc: "Encrypts with AES-CBC: bits, nonce and key.",
        examples: &[Example::of(
            "str(abc),aes_cbc_enc(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,MTIzNDU2Nzg5MDEyMzQ1Ng==),hex",
            "F479EFAE2D41D23227F61E675FCED95C",
        )],
    },
];

/// Checks bits, nonce and key.
fn prepare(args: &mut [Arg]) -> Result<(), String> {
    if !matches!(int(args, 0), Some(128 | 192 | 256)) {
        return Err("key size must be 128, 192 or 256 (bits).".into());
    }
    keyed::prepare(args.get_mut(1), "nonce")?;
    keyed::prepare(args.get_mut(2), "key")
}

/// The first 16 bytes, zeros where there are fewer.
fn block(bytes: &[u8]) -> [u8; 16] {
    std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0))
}

/// Decrypts in place; `None` where the padding is wrong.
pub(super) fn decrypt_cbc<'b, C>(key: &[u8], iv: &[u8; 16], out: &'b mut [u8]) -> Option<&'b [u8]>
where
    C: KeyInit + BlockCipher + BlockDecrypt + BlockDecryptMut + BlockSizeUser<BlockSize = U16>,
{
    let key = key.get(..C::key_size())?;
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_mut::<Pkcs7>(out).ok()
}

fn encrypt_cbc<'b, C>(key: &[u8], iv: &[u8; 16], out: &'b mut [u8], len: usize) -> Option<&'b [u8]>
where
    C: KeyInit + BlockCipher + BlockEncryptMut + BlockSizeUser<BlockSize = U16>,
{
    let key = key.get(..C::key_size())?;
    let cipher = cbc::Encryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.encrypt_padded_mut::<Pkcs7>(out, len).ok()
}

/// Runs `then` with the cipher of the arguments.
fn with_key<'a>(
    args: &'a [Arg],
    e: &Eval<'a>,
    then: impl FnOnce(Gcm<'_>) -> Option<()>,
) -> Option<()> {
    let nonce = keyed::bytes(args.get(1), e)?;
    let key = keyed::bytes(args.get(2), e)?;
    let aad = match args.get(4) {
        Some(_) => keyed::bytes(args.get(4), e)?,
        None => &[],
    };
    then(Gcm {
        bits: int(args, 0)?,
        key,
        nonce,
        aad,
    })
}

/// AES-GCM with a nonce of any length.
pub(super) struct Gcm<'k> {
    /// 128, 192 or 256
    pub bits: i64,
    /// At least so many bits.
    pub key: &'k [u8],
    /// 96 bits are usual.
    pub nonce: &'k [u8],
    /// What is authenticated only.
    pub aad: &'k [u8],
}

impl Gcm<'_> {
    /// Encrypts or decrypts `data` in place and gives the tag that belongs to it.
    pub fn run(&self, data: &mut [u8], tag: &mut [u8; 16], encrypt: bool) -> Option<()> {
        match self.bits {
            128 => self.run_with::<Aes128>(data, tag, encrypt),
            192 => self.run_with::<Aes192>(data, tag, encrypt),
            _ => self.run_with::<Aes256>(data, tag, encrypt),
        }
    }

    fn run_with<C>(&self, data: &mut [u8], tag: &mut [u8; 16], encrypt: bool) -> Option<()>
    where
        C: KeyInit + BlockCipher + BlockEncrypt + BlockEncryptMut + BlockSizeUser<BlockSize = U16>,
    {
        if self.nonce.is_empty() {
            return None;
        }
        let cipher = C::new_from_slice(self.key.get(..C::key_size())?).ok()?;
        let mut hash_key = ghash::Key::default();
        cipher.encrypt_block(&mut hash_key);
        let mut first = [0u8; 16];
        match self.nonce.len() {
            12 => {
                first.get_mut(..12)?.copy_from_slice(self.nonce);
                first[15] = 1;
            }
            len => {
                let mut hash = GHash::new(&hash_key);
                hash.update_padded(self.nonce);
                hash.update(&[lengths(0, len).into()]);
                first = hash.finalize().into();
            }
        }
        let mut counter =
            ctr::Ctr32BE::from_core(ctr::CtrCore::inner_iv_init(cipher, &first.into()));
        // The first block of the key stream covers the tag.
        let mut cover = [0u8; 16];
        counter.try_apply_keystream(&mut cover).ok()?;
        if encrypt {
            counter.try_apply_keystream(data).ok()?;
        }
        let mut hash = GHash::new(&hash_key);
        hash.update_padded(self.aad);
        hash.update_padded(data);
        hash.update(&[lengths(self.aad.len(), data.len()).into()]);
        let sum: [u8; 16] = hash.finalize().into();
        for (t, (s, c)) in tag.iter_mut().zip(sum.iter().zip(cover)) {
            *t = s ^ c;
        }
        if !encrypt {
            counter.try_apply_keystream(data).ok()?;
        }
        Some(())
    }
}

/// The last block of a sum: two lengths in bits.
fn lengths(first: usize, second: usize) -> [u8; 16] {
    let bits = |n: usize| (n as u128) << 3;
    (bits(first) << 64 | bits(second)).to_be_bytes()
}
