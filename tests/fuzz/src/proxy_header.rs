//! Any bytes as a header of the PROXY protocol: one that is whole stays so with more behind it.
#![no_main]

use hapax::proto::proxy_protocol;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = proxy_protocol::read::header(bytes) {
        let mut longer = bytes.to_vec();
        longer.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        let again = proxy_protocol::read::header(&longer);
        assert!(again.is_ok_and(|again| again.len == header.len));
    }
});
