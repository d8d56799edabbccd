"""Requests that break HTTP/1.1's framing, or look as if they did, and what each must get.

RFC 9112 is the measure; where it leaves a choice, both answers are listed. The classes of mistakes
follow the published list of server bugs of the http-garden project.
"""

from dataclasses import dataclass

CLOSED = "closed"  # the connection must not be used again
USABLE = "usable"
EITHER = "either"

NEVER_SENT = b"GET /v2/never/sent/tags/list HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Case:
    name: str
    payload: bytes
    statuses: tuple[int, ...] = (400,)
    after: str = CLOSED


def head(*lines: bytes, request: bytes = b"GET /v2/ HTTP/1.1", host: bytes = b"Host: localhost"):
    """A request without a body. `host` empty leaves the line out."""
    every = (request, host, *lines) if host else (request, *lines)
    return b"\r\n".join(every) + b"\r\n\r\n"


def put(*lines: bytes, body: bytes = b""):
    """A manifest push: the server has to read its body."""
    return head(b"Content-Type: application/vnd.oci.image.manifest.v1+json", *lines,
                request=b"PUT /v2/framing/manifests/x HTTP/1.1") + body


def chunked(body: bytes):
    return put(b"Transfer-Encoding: chunked", body=body)


LENGTH_AND_CODING = [
    Case("two lengths", put(b"Content-Length: 2", b"Content-Length: 40", body=b"{}" + NEVER_SENT)),
    Case("a list of lengths", put(b"Content-Length: 2, 40", body=b"{}" + NEVER_SENT)),
    Case("a length twice", put(b"Content-Length: 2", b"Content-Length: 2", body=b"{}"),
         after=EITHER),
    Case("length and chunked", put(b"Content-Length: 2", b"Transfer-Encoding: chunked",
                                   body=b"0\r\n\r\n" + NEVER_SENT)),
    Case("chunked and length", put(b"Transfer-Encoding: chunked", b"Content-Length: 2",
                                   body=b"0\r\n\r\n" + NEVER_SENT)),
    Case("chunked in two lines", put(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked",
                                     body=b"0\r\n\r\n"), (400, 501)),
    Case("chunked twice in a line", put(b"Transfer-Encoding: chunked, chunked",
                                        body=b"0\r\n\r\n"), (400, 501)),
    Case("coding identity", put(b"Transfer-Encoding: identity", body=NEVER_SENT), (400, 501)),
    Case("chunked is not last", put(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
         (400, 501)),
    Case("gzip before chunked", put(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
         (400, 501)),
    Case("unknown coding", put(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), (400, 501)),
    Case("coding with a parameter", put(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n"),
         (400, 501)),
    Case("empty coding", put(b"Transfer-Encoding:", body=b"0\r\n\r\n"), (400, 501)),
    Case("quoted coding", put(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), (400, 501)),
    Case("vertical tab before chunked", put(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
         (400, 501)),
    Case("space before the colon", put(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n")),
    Case("chunked over HTTP/1.0", head(b"Transfer-Encoding: chunked",
                                       request=b"PUT /v2/framing/manifests/x HTTP/1.0")
         + b"0\r\n\r\n"),
    Case("CHUNKED in capitals", put(b"Transfer-Encoding: CHUNKED", body=b"2\r\n{}\r\n0\r\n\r\n"),
         after=USABLE),
]

LENGTHS = [
    Case(f"length {value!r}", put(b"Content-Length: " + value, body=b"{}" + NEVER_SENT), statuses)
    for value, statuses in [
        (b"+2", (400,)), (b"-2", (400,)), (b"0x2", (400,)), (b"2_0", (400,)), (b"2 0", (400,)),
        (b"", (400,)), (b"2.0", (400,)), (b"2e0", (400,)), (b"two", (400,)), (b"\xb2", (400,)),
        (b"2\x00", (400,)), (b"2;", (400,)), (b'"2"', (400,)),
        (b"18446744073709551616", (400, 413)), (b"9" * 400, (400, 413)),
    ]
] + [
    Case("length with zeros in front", put(b"Content-Length: 0002", body=b"{}"), after=EITHER),
    Case("length with spaces around", put(b"Content-Length:   2  ", body=b"{}"), after=USABLE),
]

LINES = [
    Case("bare LF after the request line", b"GET /v2/ HTTP/1.1\nHost: localhost\r\n\r\n"),
    Case("bare LF after a header", b"GET /v2/ HTTP/1.1\r\nHost: localhost\nX: 1\r\n\r\n"),
    Case("bare CR in a value", head(b"X: a\rb")),
    Case("bare CR at a line's end", head(b"X: a\r")),
    Case("NUL in a value", head(b"X: a\x00b")),
    Case("a folded line", head(b"X: a", b" b")),
    Case("a folded length", put(b"Content-Length:", b" 2", body=b"{}")),
    Case("a space before the first header", b"GET /v2/ HTTP/1.1\r\n Host: localhost\r\n\r\n"),
    Case("a header without a colon", head(b"Nothing")),
    Case("a header without a name", head(b": value")),
    Case("a space in a name", head(b"Na me: value")),
    Case("a tab in a name", head(b"Na\tme: value")),
    Case("a bracket in a name", head(b"Na(me: value")),
    Case("a control character in a name", head(b"Na\x01me: value")),
    Case("a name of other letters", head("Größe: 2".encode())),
    Case("an empty value", head(b"X:"), (200,), USABLE),
    Case("other letters in a value", head("X: größe".encode()), (200,), USABLE),
]

REQUEST_LINES = [
    Case("no version", b"GET /v2/\r\n\r\n", (400, 505)),
    Case("two spaces", head(request=b"GET  /v2/ HTTP/1.1")),
    Case("tabs for spaces", head(request=b"GET\t/v2/\tHTTP/1.1")),
    Case("a space behind the version", head(request=b"GET /v2/ HTTP/1.1 ")),
    Case("a space in the target", head(request=b"GET /v2/ x HTTP/1.1")),
    Case("a target without a slash", head(request=b"GET v2/ HTTP/1.1"), (400, 404), EITHER),
    Case("no target", head(request=b"GET HTTP/1.1")),
    Case("NUL in the target", head(request=b"GET /v2/\x00 HTTP/1.1")),
    Case("DEL in the target", head(request=b"GET /v2/\x7f HTTP/1.1"), (400, 404), EITHER),
    Case("other letters in the target", head(request="GET /v2/größe HTTP/1.1".encode()),
         (400, 404), EITHER),
    Case("a fragment", head(request=b"GET /v2/#top HTTP/1.1"), (400, 404), EITHER),
    Case("an absolute target", head(request=b"GET http://localhost/v2/ HTTP/1.1"), (200,), USABLE),
    Case("an asterisk", head(request=b"GET * HTTP/1.1"), (400, 404), EITHER),
    Case("CONNECT", head(request=b"CONNECT localhost:80 HTTP/1.1"), (400, 405, 501), EITHER),
    Case("an unknown method", head(request=b"BREW /v2/ HTTP/1.1"), (400, 405, 501), EITHER),
    Case("a method in small letters", head(request=b"get /v2/ HTTP/1.1"), (400, 405, 501), EITHER),
    Case("a method of 8 bits", head(request=b"G\xc5T /v2/ HTTP/1.1"), (400, 501)),
    Case("a long method", head(request=b"A" * 300 + b" /v2/ HTTP/1.1"), (400, 405, 501), EITHER),
    Case("version 2.0", head(request=b"GET /v2/ HTTP/2.0"), (400, 505)),
    Case("version 1.10", head(request=b"GET /v2/ HTTP/1.10"), (400, 505)),
    Case("version 11", head(request=b"GET /v2/ HTTP/11"), (400, 505)),
    Case("version in small letters", head(request=b"GET /v2/ http/1.1"), (400, 505)),
    Case("version with a sign", head(request=b"GET /v2/ HTTP/+1.1"), (400, 505)),
    Case("the start of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    Case("a request for h2c", head(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c",
                                   b"HTTP2-Settings: AAMAAABkAAQAAP__"), (200,), USABLE),
    Case("no Host", head(host=b"")),
    Case("two Hosts", head(b"Host: other")),
    Case("a Host with a space", head(host=b"Host: a b"), (400, 403), EITHER),
    Case("an unknown expectation", put(b"Content-Length: 2", b"Expect: 200-maybe", body=b"{}"),
         (417,), EITHER),
]

CHUNKS = [
    Case("a good chunked body", chunked(b"2\r\n{}\r\n0\r\n\r\n"), after=USABLE),
    Case("a chunk extension", chunked(b"2;a=b\r\n{}\r\n0\r\n\r\n"), after=EITHER),
    Case("a trailer", chunked(b"2\r\n{}\r\n0\r\nX: y\r\n\r\n"), after=EITHER),
    Case("a trailer with a length", chunked(b"2\r\n{}\r\n0\r\nContent-Length: 50\r\n\r\n"),
         after=EITHER),
    *(Case(f"chunk size {size!r}", chunked(size + b"\r\n{}\r\n0\r\n\r\n" + NEVER_SENT))
      for size in (b"0x2", b"+2", b"-2", b"2 0", b"", b"g", b"2_", b" 2", b"F" * 17)),
    Case("bare LF after a chunk size", chunked(b"2\n{}\r\n0\r\n\r\n")),
    Case("bare LF in an extension", chunked(b"2;a\nb\r\n{}\r\n0\r\n\r\n")),
    Case("more bytes than the chunk says", chunked(b"2\r\n{}x\r\n0\r\n\r\n")),
    Case("an extension of 64 KiB", chunked(b"2;" + b"a" * 65536 + b"\r\n{}\r\n0\r\n\r\n"),
         (400, 413, 431)),
    Case("small chunks with large extensions",
         chunked((b"1;" + b"e" * 4096 + b"\r\n \r\n") * 200 + b"0\r\n\r\n"), (400, 413, 431)),
    Case("trailers of 128 KiB", chunked(b"0\r\n" + b"X: y\r\n" * 22000 + b"\r\n"),
         (400, 413, 431)),
    Case("a broken trailer", chunked(b"2\r\n{}\r\n0\r\nno colon\r\n\r\n"), after=EITHER),
]

SIZES = [
    Case("a target of 20 KiB", head(request=b"GET /v2/" + b"a" * 20000 + b" HTTP/1.1"),
         (400, 404, 414), EITHER),
    Case("a request line of 100 KiB", head(request=b"GET /v2/" + b"a" * 100_000 + b" HTTP/1.1"),
         (414, 431)),
    Case("a request line of 1 MiB", head(request=b"GET /v2/" + b"a" * (1 << 20) + b" HTTP/1.1"),
         (414, 431)),
    Case("a header of 100 KiB", head(b"X: " + b"a" * 100_000), (431,)),
    Case("a header name of 100 KiB", head(b"a" * 100_000 + b": x"), (400, 431)),
    Case("a thousand headers", head(*(b"X%d: y" % number for number in range(1000))), (431,)),
    Case("64 KiB of Accept-Language", head(b"Accept-Language: " + b"a," * 30000), (200, 431),
         EITHER),
    Case("64 KiB of dots as a token", head(b"Authorization: Bearer " + b"." * 60000), (200, 431),
         EITHER),
]

LEFTOVERS = [
    Case("a request in a GET's body", head(b"Content-Length: %d" % len(NEVER_SENT)) + NEVER_SENT,
         (200, 400), EITHER),
    Case("a request in a GET's chunk",
         head(b"Transfer-Encoding: chunked")
         + b"%x\r\n%b\r\n0\r\n\r\n" % (len(NEVER_SENT), NEVER_SENT), (200, 400), EITHER),
    Case("a handshake of TLS", b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"\x5a" * 200,
         (400,)),
    Case("noise", bytes(range(128, 256)) * 4 + b"\r\n\r\n", (400,)),
]

CASES = LENGTH_AND_CODING + LENGTHS + LINES + REQUEST_LINES + CHUNKS + SIZES + LEFTOVERS
