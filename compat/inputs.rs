//! Inputs for converters, from a seeded generator: the same in every run. Each class begins with
//! the same odd ones (empty, NUL, every byte, longer than most buffers of converters).

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 up to `n`, exclusive.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'p, T: ?Sized>(&mut self, all: &[&'p T]) -> &'p T {
        all[self.below(all.len())]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// Mostly short, sometimes long.
    fn length(&mut self) -> usize {
        match self.below(20) {
            0 => self.below(14_000),
            1 | 2 => self.below(1000),
            3..=6 => self.below(100),
            _ => self.below(24),
        }
    }

    fn of(&mut self, letters: &[u8], length: usize) -> Vec<u8> {
        (0..length)
            .map(|_| letters[self.below(letters.len())])
            .collect()
    }

    fn word(&mut self) -> Vec<u8> {
        let length = 1 + self.below(8);
        self.of(b"abcdefghijklmnopqrstuvwxyzABCXYZ0123456789", length)
    }
}

/// The inputs of a class.
pub fn inputs(class: &str, count: usize) -> Result<Vec<Vec<u8>>, String> {
    let make: fn(&mut Random) -> Vec<u8> = match class {
        "bytes" => bytes,
        "text" => text,
        "number" => number,
        "address" => address,
        "date" => date,
        "json" => |r| json(r, 0),
        "base64" => base64,
        "hex" => hex,
        "url" => url,
        "list" => list,
        "packet" => packet,
        "fix" => fix,
        "mqtt" => mqtt,
        "proto" => |r| proto(r, 0),
        "grpc" => grpc,
        "forwarded" => forwarded,
        "language" => language,
        "token" => token,
        other => return Err(format!("no inputs of class '{other}'")),
    };
    let seed = class
        .bytes()
        .fold(7u64, |s, b| s.wrapping_mul(131).wrapping_add(b.into()));
    let mut random = Random::new(seed);
    let mut all: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0],
        b"a\0b".to_vec(),
        (0..=255).collect(),
        vec![b'x'; 14_000],
        random.bytes(14_000),
        b" ".to_vec(),
        b"0".to_vec(),
    ];
    while all.len() < count {
        let mut made = make(&mut random);
        // every fifth is damaged
        if random.one_in(5) && !made.is_empty() {
            let at = random.below(made.len());
            match random.below(4) {
                0 => made.truncate(at),
                1 => made[at] = random.next() as u8,
                2 => made.insert(at, random.next() as u8),
                _ => drop(made.remove(at)),
            }
        }
        made.truncate(14_000);
        all.push(made);
    }
    Ok(all)
}

fn bytes(r: &mut Random) -> Vec<u8> {
    let length = r.length();
    r.bytes(length)
}

fn text(r: &mut Random) -> Vec<u8> {
    let length = r.length();
    let letters: &[u8] = r.pick(&[
        &b"abcdefghijklmnopqrstuvwxyz"[..],
        b"ABCdefGHI jkl.-_/,;:=&?%+\"'\\ \t",
        b"a b\r\nc\td",
        b"ab\xc3\xa9\xff\x80 z",
        b"0123456789abcdefABCDEF",
        b"/.:[]@?=",
    ]);
    r.of(letters, length)
}

fn number(r: &mut Random) -> Vec<u8> {
    let n = r.next() as i64;
    match r.below(8) {
        0 => n.to_string(),
        1 => (n >> 32).to_string(),
        2 => (n % 1000).to_string(),
        3 => (n % 4).to_string(),
        4 => format!("{}x", n % 100_000),
        5 => format!("{:#x}", n & 0xffff),
        6 => format!("{}.{}", n % 1000, n.unsigned_abs() % 100),
        _ => r
            .pick(&[
                "9223372036854775807",
                "-9223372036854775808",
                "9223372036854775808",
                "-1",
                "+5",
                " 7",
                "007",
                "4294967296",
                "-4294967297",
                "1700000000",
            ])
            .to_owned(),
    }
    .into_bytes()
}

fn address(r: &mut Random) -> Vec<u8> {
    let n = r.next();
    let v4 = std::net::Ipv4Addr::from(n as u32);
    let wide = u128::from(r.next()) << 64 | u128::from(n);
    let v6 = std::net::Ipv6Addr::from(match r.below(4) {
        0 => wide & 0xffff,
        1 => 0xffff_0000_0000 | u128::from(n as u32),
        2 => wide & !0xffff_ffff_ffff_0000_0000,
        _ => wide,
    });
    match r.below(9) {
        0..=2 => v4.to_string(),
        3 | 4 => v6.to_string(),
        5 => format!("{v4}:{}", n % 70_000),
        6 => format!("[{v6}]:{}", n % 70_000),
        7 => format!("{v4}/{}", n % 40),
        _ => format!("{}.{}.{}", n % 300, n % 7, n % 256),
    }
    .into_bytes()
}

fn date(r: &mut Random) -> Vec<u8> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const LONG: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let day = r.pick(&DAYS);
    let long = r.pick(&LONG);
    let month = r.pick(&MONTHS);
    let (d, y) = (1 + r.below(31), 1970 + r.below(90));
    let (h, m, s) = (r.below(25), r.below(61), r.below(62));
    match r.below(4) {
        0 => format!(
            "{long}, {d:02}-{month}-{:02} {h:02}:{m:02}:{s:02} GMT",
            y % 100
        ),
        1 => format!("{day} {month} {d:2} {h:02}:{m:02}:{s:02} {y}"),
        _ => format!("{day}, {d:02} {month} {y} {h:02}:{m:02}:{s:02} GMT"),
    }
    .into_bytes()
}

fn json(r: &mut Random, depth: usize) -> Vec<u8> {
    let kind = if depth == 0 { r.below(2) } else { r.below(8) };
    let blank = |r: &mut Random| r.pick(&["", "", " ", "\n "]);
    match kind {
        0 if depth < 4 => {
            let mut out = b"{".to_vec();
            let keys = ["a", "b", "c", "key", "a.b", "x\\\"y", "long-name"];
            for i in 0..r.below(5) {
                if i > 0 {
                    out.push(b',');
                }
                out.extend(format!("{}\"{}\":{}", blank(r), r.pick(&keys), blank(r)).bytes());
                out.extend(json(r, depth + 1));
            }
            out.extend(blank(r).bytes());
            out.push(b'}');
            out
        }
        1 if depth < 4 => {
            let mut out = b"[".to_vec();
            for i in 0..r.below(4) {
                if i > 0 {
                    out.push(b',');
                }
                out.extend(json(r, depth + 1));
            }
            out.push(b']');
            out
        }
        2 => (r.next() as i64 >> r.below(63)).to_string().into_bytes(),
        3 => r.pick(&["true", "false", "null"]).as_bytes().to_vec(),
        4 => format!("{}.{}e{}", r.below(1000), r.below(1000), r.below(12)).into_bytes(),
        _ => {
            let mut out = b"\"".to_vec();
            for _ in 0..r.below(6) {
                out.extend(r.pick(&[
                    &b"a"[..],
                    b"bc",
                    b"\\n",
                    b"\\\"",
                    b"\\\\",
                    b"\\u0041",
                    b"\\u20ac",
                    b"\xc3\xa9",
                    b"/",
                    b"\\/",
                    b" ",
                ]));
            }
            out.push(b'"');
            out
        }
    }
}

fn encoded(data: &[u8], url: bool, pad: bool) -> Vec<u8> {
    let letters: &[u8; 64] = match url {
        true => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        false => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    };
    let mut out = Vec::new();
    for group in data.chunks(3) {
        let bits = (0..3).fold(0u32, |b, i| b << 8 | u32::from(*group.get(i).unwrap_or(&0)));
        for i in 0..4 {
            if i <= group.len() {
                out.push(letters[(bits >> (18 - 6 * i)) as usize & 63]);
            } else if pad {
                out.push(b'=');
            }
        }
    }
    out
}

fn base64(r: &mut Random) -> Vec<u8> {
    let length = r.length() / 2;
    let data = r.bytes(length);
    encoded(&data, r.one_in(2), r.one_in(2))
}

fn hex(r: &mut Random) -> Vec<u8> {
    let length = r.below(24);
    r.of(b"0123456789abcdefABCDEF", length)
}

fn url(r: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    if r.one_in(3) {
        out.extend(r.pick(&["http://", "https://", "//", "HTTP://"]).bytes());
        out.extend(
            r.pick(&["host", "www.example.com", "[::1]", "1.2.3.4", "u:p@h"])
                .bytes(),
        );
        if r.one_in(2) {
            out.extend(format!(":{}", r.below(70_000)).bytes());
        }
    }
    for _ in 0..r.below(12) {
        let piece = match r.below(9) {
            0 => b"/".to_vec(),
            1 => format!("%{:02x}", r.below(256)).into_bytes(),
            2 => format!("%{:02X}", r.below(256)).into_bytes(),
            3 => b"%zz".to_vec(),
            4 => b"+".to_vec(),
            5 => b"?".to_vec(),
            6 => b"&".to_vec(),
            7 => b"=".to_vec(),
            _ => r.word(),
        };
        out.extend(piece);
    }
    out
}

fn list(r: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    for i in 0..r.below(9) {
        if i > 0 {
            out.extend(
                r.pick(&[",", ",", ";", " ", ".", "/", "&", ":", ", "])
                    .bytes(),
            );
        }
        if !r.one_in(6) {
            out.extend(r.word());
            if r.one_in(4) {
                out.push(b'=');
                out.extend(r.word());
            }
        }
    }
    out
}

/// An Ethernet frame, IP packet or TCP segment.
fn packet(r: &mut Random) -> Vec<u8> {
    let mut tcp = r.bytes(20);
    let options = r.below(4) * 4;
    tcp[12] = ((20 + options) as u8 / 4) << 4;
    let choices: [&[u8]; 6] = [
        &[2, 4, 5, 0xb4],
        &[1],
        &[4, 2],
        &[8, 10, 1, 2, 3, 4, 5, 6, 7, 8],
        &[3, 3, 7],
        &[0],
    ];
    let mut said: Vec<u8> = Vec::new();
    while said.len() < options {
        said.extend_from_slice(r.pick(&choices));
    }
    said.truncate(options);
    tcp.extend(said);
    if r.one_in(4) {
        return tcp;
    }
    let mut ip = match r.one_in(2) {
        true => {
            let mut ip = r.bytes(20);
            ip[0] = 0x45;
            ip[9] = 6;
            ip
        }
        false => {
            let mut ip = r.bytes(40);
            ip[0] = 0x60;
            ip[6] = 6;
            ip
        }
    };
    let v6 = ip.len() == 40;
    ip.extend(tcp);
    if r.one_in(2) {
        return ip;
    }
    let mut frame = r.bytes(12);
    if r.one_in(4) {
        frame.extend([0x81, 0, 0x20, 7]);
    }
    frame.extend(if v6 { [0x86, 0xdd] } else { [8, 0] });
    frame.extend(ip);
    frame
}

fn fix(r: &mut Random) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..r.below(8) {
        let tag = r.pick(&["35", "49", "56", "34", "52", "98", "108", "1", "58"]);
        body.extend(tag.bytes());
        body.push(b'=');
        body.extend(r.word());
        body.push(1);
    }
    let version = r.pick(&["FIX.4.2", "FIX.4.4", "FIXT.1.1", "FIX.9"]);
    let mut kind = b"35=A\x01".to_vec();
    kind.extend(body);
    let mut out = format!("8={version}\x019={}\x01", kind.len()).into_bytes();
    out.extend(kind);
    let sum = out.iter().fold(0u8, |s, b| s.wrapping_add(*b));
    out.extend(format!("10={sum:03}\x01").bytes());
    out
}

fn mqtt(r: &mut Random) -> Vec<u8> {
    let sized = |text: &[u8]| {
        let mut out = (text.len() as u16).to_be_bytes().to_vec();
        out.extend(text);
        out
    };
    let five = r.one_in(2);
    let mut body = sized(if r.one_in(6) { b"MQIsdp" } else { b"MQTT" });
    body.push(if five {
        5
    } else {
        r.pick(&[&[4u8], &[4], &[3]])[0]
    });
    let flags = r.pick(&[&[0x02u8], &[0xc2], &[0x82], &[0xce], &[0x06], &[0x00]])[0];
    body.push(flags);
    body.extend((r.below(70_000) as u16).to_be_bytes());
    if five {
        let mut properties = Vec::new();
        if r.one_in(2) {
            properties.extend([0x11, 0, 0, 0, r.below(9) as u8]);
        }
        if r.one_in(3) {
            properties.extend([0x21, 0, 20]);
        }
        if r.one_in(3) {
            properties.push(0x26);
            properties.extend(sized(b"k"));
            properties.extend(sized(b"v"));
        }
        body.push(properties.len() as u8);
        body.extend(properties);
    }
    let id = r.word();
    body.extend(sized(&id));
    if flags & 4 != 0 {
        if five {
            body.push(0);
        }
        body.extend(sized(b"will/topic"));
        body.extend(sized(b"gone"));
    }
    if flags & 0x80 != 0 {
        body.extend(sized(b"user"));
    }
    if flags & 0x40 != 0 {
        body.extend(sized(b"secret"));
    }
    if r.one_in(4) {
        body = vec![r.below(2) as u8, r.below(6) as u8];
        if five {
            body.push(0);
        }
        let mut out = vec![0x20, body.len() as u8];
        out.extend(body);
        return out;
    }
    let mut out = vec![0x10];
    let mut left = body.len();
    loop {
        let low = (left & 127) as u8;
        left >>= 7;
        out.push(if left > 0 { low | 128 } else { low });
        if left == 0 {
            break;
        }
    }
    out.extend(body);
    out
}

fn varint(mut n: u64, out: &mut Vec<u8>) {
    while n > 127 {
        out.push(n as u8 | 128);
        n >>= 7;
    }
    out.push(n as u8);
}

fn proto(r: &mut Random, depth: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..1 + r.below(5) {
        let field = 1 + r.below(4) as u64;
        match r.below(4) {
            0 => {
                varint(field << 3, &mut out);
                let shift = r.below(64);
                varint(r.next() >> shift, &mut out);
            }
            1 => {
                varint(field << 3 | 1, &mut out);
                out.extend(r.bytes(8));
            }
            2 => {
                varint(field << 3 | 5, &mut out);
                out.extend(r.bytes(4));
            }
            _ => {
                varint(field << 3 | 2, &mut out);
                let inner = match depth < 2 {
                    true => proto(r, depth + 1),
                    false => r.word(),
                };
                varint(inner.len() as u64, &mut out);
                out.extend(inner);
            }
        }
    }
    out
}

fn grpc(r: &mut Random) -> Vec<u8> {
    let message = proto(r, 0);
    let mut out = vec![0];
    out.extend((message.len() as u32).to_be_bytes());
    out.extend(message);
    out
}

fn forwarded(r: &mut Random) -> Vec<u8> {
    let nodes = [
        "127.0.0.1",
        "\"[::1]\"",
        "unknown",
        "_id",
        "\"1.2.3.4:80\"",
        "\"[::1]:_p\"",
        "\"unknown:9\"",
        "a",
        "[::1]",
        "1.2.3.4:80",
        "\"_a:_b\"",
        "_",
        "\"\"",
    ];
    let hosts = [
        "h",
        "\"h:80\"",
        "www.example.com",
        "\"[::1]:65535\"",
        "a-b",
        "a_b",
        "\"h:0\"",
    ];
    // a node alone, as two of the converters take it
    if r.one_in(3) {
        return r.pick(&nodes).trim_matches('"').as_bytes().to_vec();
    }
    let mut out = Vec::new();
    for i in 0..1 + r.below(4) {
        if i > 0 {
            out.extend(r.pick(&[";", ";", ";", "; ", ","]).bytes());
        }
        let part = match r.below(5) {
            0 => format!("proto={}", r.pick(&["http", "https", "\"http\"", "ftp"])),
            1 => format!("host={}", r.pick(&hosts)),
            2 => format!("by={}", r.pick(&nodes)),
            _ => format!("{}={}", r.pick(&["for", "For", "FOR"]), r.pick(&nodes)),
        };
        out.extend(part.bytes());
    }
    out
}

fn language(r: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    for i in 0..r.below(6) {
        if i > 0 {
            out.extend(r.pick(&[",", ", ", " ,"]).bytes());
        }
        let languages = ["en", "fr", "de", "en-US", "fr-CH", "*", "es", "EN", "x"];
        out.extend(r.pick(&languages).bytes());
        if r.one_in(2) {
            let weights = [
                ";q=0.5", ";q=1", ";q=0", "; q=0.8", ";q=0.33", ";q=1.5", ";q=x", ";Q=0.7",
            ];
            out.extend(r.pick(&weights).bytes());
        }
    }
    out
}

/// A JSON Web Token.
fn token(r: &mut Random) -> Vec<u8> {
    let parts = [3, 3, 3, 3, 5, 2, 4][r.below(7)];
    let mut out = Vec::new();
    for i in 0..parts {
        if i > 0 {
            out.push(b'.');
        }
        let part = match i {
            0 | 1 => json(r, 0),
            _ => r.bytes(32),
        };
        out.extend(encoded(&part, true, false));
    }
    out
}
