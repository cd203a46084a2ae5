//! HAProxy 3.4's own answers, byte for byte.
//!
//! Two forms exist. Answers made while a transaction runs ([`answer`]) are ordinary responses:
//! rules may change them, names are lower case, the connection may stay open. Answers to what could
//! not be parsed ([`raw`]) are sent as they stand, and the connection closes.

macro_rules! answers {
    ($($status:literal $reason:literal $length:literal $close:literal $text:literal)*) => {
        /// The answer with a status as a complete response for
        /// [`Message::load_response`](super::Message::load_response); 400 and 408 ask for the
        /// connection to be closed. `None` for a status that has no answer of its own.
        pub fn answer(status: u16) -> Option<&'static [u8]> {
            let text: &str = match status {
                $($status => concat!(
                    "HTTP/1.1 ", $status, " ", $reason,
                    "\r\ncontent-length: ", $length,
                    "\r\ncache-control: no-cache\r\n", $close, "content-type: text/html\r\n",
                    "\r\n<html><body><h1>", $status, " ", $reason, "</h1>\n", $text,
                    "\n</body></html>\n"
                ),)*
                _ => return None,
            };
            Some(text.as_bytes())
        }

        /// The answer with a status as sent when the request could not be parsed or never came.
        pub fn raw(status: u16) -> Option<&'static [u8]> {
            let text: &str = match status {
                $($status => concat!(
                    "HTTP/1.1 ", $status, " ", $reason,
                    "\r\nContent-length: ", $length,
                    "\r\nCache-Control: no-cache\r\n", $close, "Content-Type: text/html\r\n",
                    "\r\n<html><body><h1>", $status, " ", $reason, "</h1>\n", $text,
                    "\n</body></html>\n"
                ),)*
                _ => return None,
            };
            Some(text.as_bytes())
        }

        /// Every status that has an answer.
        pub const STATUSES: &[u16] = &[$($status),*];
    };
}

answers! {
    200 "OK" 58 "" "Service ready."
    400 "Bad request" 90 "Connection: close\r\n" "Your browser sent an invalid request."
    401 "Unauthorized" 112 "" "You need a valid user and password to access this content."
    403 "Forbidden" 93 "" "Request forbidden by administrative rules."
    404 "Not Found" 83 "" "The resource could not be found."
    405 "Method Not Allowed" 147 ""
        "A request was made of a resource using a request method not supported by that resource."
    407 "Unauthorized" 112 "" "You need a valid user and password to access this content."
    408 "Request Time-out" 110 "Connection: close\r\n"
        "Your browser didn't send a complete request in time."
    410 "Gone" 114 "" "The resource is no longer available and will not be available again."
    413 "Payload Too Large" 106 "" "The request entity exceeds the maximum allowed."
    414 "URI Too Long" 110 "" "The URI provided was too long for the server to process."
    421 "Misdirected Request" 104 "" "Request sent to a non-authoritative server."
    422 "Unprocessable Content" 116 "" "The server cannot process the contained instructions."
    425 "Too Early" 80 "" "Your browser sent early data."
    429 "Too Many Requests" 117 "" "You have sent too many requests in a given amount of time."
    431 "Request Header Fields Too Large" 105 "" "Request Header Fields Too Large."
    500 "Internal Server Error" 97 "" "An internal server error occurred."
    501 "Not Implemented" 135 ""
        "The server does not support the functionality required to fulfill the request."
    502 "Bad Gateway" 107 "" "The server returned an invalid or incomplete response."
    503 "Service Unavailable" 107 "" "No server is available to handle this request."
    504 "Gateway Time-out" 92 "" "The server didn't respond in time."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_true() {
        for &status in STATUSES {
            for text in [answer(status).unwrap(), raw(status).unwrap()] {
                let text = std::str::from_utf8(text).unwrap();
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                let told = head.lines().nth(1).unwrap().rsplit(' ').next().unwrap();
                assert_eq!(told.parse::<usize>().unwrap(), body.len(), "{status}");
            }
        }
        assert_eq!(answer(402), None);
    }
}
