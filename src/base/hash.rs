//! Hashes that HAProxy's converters and balancing share (configuration manual 7.3.1,
//! `hash-type`): values must be the same, or clients change servers.

/// SDBM: each byte is added to 65599 times the sum.
pub fn sdbm(bytes: &[u8]) -> u32 {
    let step = |sum: u32, b: &u8| sum.wrapping_mul(65_599).wrapping_add(u32::from(*b));
    bytes.iter().fold(0, step)
}

/// Bernstein's hash, times 33, from 5381 on.
pub fn djb2(bytes: &[u8]) -> u32 {
    let step = |sum: u32, b: &u8| sum.wrapping_mul(33).wrapping_add(u32::from(*b));
    bytes.iter().fold(5381, step)
}

/// WT6: two words that swap places for every byte, turned by a width that they decide.
pub fn wt6(bytes: &[u8]) -> u32 {
    let mut words = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let mut turns = (6, 18);
    for b in bytes {
        let byte = u32::from(*b);
        let first = !(words.0 ^ byte);
        let second = !words.1.wrapping_add(byte);
        words = (second.rotate_left(turns.0), first.rotate_left(turns.1));
        let mix = ((words.0 >> 16) ^ words.1) & 0xffff;
        turns = (mix & 31, mix >> 11);
    }
    words.0 ^ words.1
}

/// CRC-32 as in Ethernet and gzip (ISO 3309).
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(u32::MAX, |sum, b| by_table(&IEEE, sum, *b))
}

/// CRC-32C (RFC 4960, appendix B).
pub fn crc32c(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(u32::MAX, |sum, b| by_table(&CASTAGNOLI, sum, *b))
}

fn by_table(table: &[u32; 256], sum: u32, b: u8) -> u32 {
    let [low, ..] = sum.to_le_bytes();
    sum >> 8 ^ table.get(usize::from(low ^ b)).copied().unwrap_or(0)
}

static IEEE: [u32; 256] = table(0xedb8_8320);
static CASTAGNOLI: [u32; 256] = table(0x82f6_3b78);

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "computed while compiling"
)]
const fn table(polynomial: u32) -> [u32; 256] {
    let mut all = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < 8 {
            value = value >> 1 ^ (polynomial & (value & 1).wrapping_neg());
            bit += 1;
        }
        all[i] = value;
        i += 1;
    }
    all
}

/// Spreads a hash over 32 bits: Bob Jenkins' integer hash (burtleburtle.net/bob/hash/integer.html),
/// times the prime 3221225473.
pub fn avalanche(hash: u32) -> u32 {
    let a = hash.wrapping_add(0x7ed5_5d16).wrapping_add(hash << 12);
    let a = a ^ 0xc761_c23c ^ (a >> 19);
    let a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    let a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    let a = a ^ 0xb55a_4f09 ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded() {
        // Recorded from HAProxy 3.4, without and with avalanche.
        type Hash = fn(&[u8]) -> u32;
        let all: [(&str, Hash); 5] = [
            ("sdbm", sdbm),
            ("djb2", djb2),
            ("wt6", wt6),
            ("crc32", crc32),
            ("crc32c", crc32c),
        ];
        let got: Vec<String> = all
            .iter()
            .map(|(name, f)| format!("{name} {} {}", f(b"haproxy"), avalanche(f(b"haproxy"))))
            .collect();
        insta::assert_snapshot!(got.join("\n"));
    }
}
