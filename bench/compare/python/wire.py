"""The only I/O: one request through `wasi:http`, like `wasi/outgoing.rs` of the guest SDK."""

from dataclasses import dataclass

from componentize_py_types import Err, Ok
from wit_world.exports.types import Error_Denied, Error_Unreachable, Stage
from wit_world.imports import outgoing_handler, types as http
from wit_world.imports.streams import InputStream, StreamError_LastOperationFailed

MAX_RESPONSE_BYTES = 1024 * 1024
WRITE_BYTES = 4096
READ_BYTES = 16 * 1024
SECOND = 1_000_000_000

STAGES = {
    Stage.DNS: (
        http.ErrorCode_DnsTimeout,
        http.ErrorCode_DnsError,
        http.ErrorCode_DestinationNotFound,
    ),
    Stage.CONNECT: (
        http.ErrorCode_DestinationUnavailable,
        http.ErrorCode_DestinationIpProhibited,
        http.ErrorCode_DestinationIpUnroutable,
        http.ErrorCode_ConnectionRefused,
        http.ErrorCode_ConnectionTimeout,
        http.ErrorCode_ConnectionLimitReached,
    ),
    Stage.TLS: (http.ErrorCode_TlsProtocolError, http.ErrorCode_TlsAlertReceived),
    Stage.CERTIFICATE: (http.ErrorCode_TlsCertificateError,),
    Stage.TIMEOUT: (
        http.ErrorCode_ConnectionReadTimeout,
        http.ErrorCode_ConnectionWriteTimeout,
        http.ErrorCode_HttpResponseTimeout,
    ),
    Stage.CUT_OFF: (http.ErrorCode_ConnectionTerminated, http.ErrorCode_HttpResponseIncomplete),
    Stage.PROTOCOL: (
        http.ErrorCode_HttpResponseHeaderSectionSize,
        http.ErrorCode_HttpResponseHeaderSize,
        http.ErrorCode_HttpResponseBodySize,
        http.ErrorCode_HttpResponseTrailerSectionSize,
        http.ErrorCode_HttpResponseTrailerSize,
        http.ErrorCode_HttpResponseTransferCoding,
        http.ErrorCode_HttpResponseContentCoding,
        http.ErrorCode_HttpUpgradeFailed,
        http.ErrorCode_HttpProtocolError,
    ),
}

Headers = list[tuple[str, bytes]]


@dataclass
class Request:
    """A POST over TLS."""

    authority: str
    path: str
    content_type: str
    text: str


@dataclass
class Response:
    """A response, and why its body ended before it was complete."""

    status: int
    headers: Headers
    body: bytes
    cut_off: Stage | None


def send(request: Request) -> Response:
    """Sends a request once and reads the response.

    Fails as `unreachable` or `denied`, and not for any status.
    """
    content = request.text.encode()
    outgoing = describe(request, len(content))
    body = outgoing.body()
    try:
        future = outgoing_handler.handle(outgoing, timeouts())
    except Err as error:
        raise failure(error.value) from None
    write(body, content)
    with future:
        with future.subscribe() as ready:
            ready.block()
        match future.get():
            case Ok(Ok(response)):
                return read(response)
            case Ok(Err(code)):
                raise failure(code)
            case _:
                raise Err(Error_Unreachable(Stage.OTHER))


def describe(request: Request, length: int) -> http.OutgoingRequest:
    headers = {
        "content-type": request.content_type,
        "content-length": str(length),
        "accept": "application/json",
        "user-agent": "integration-connector/0.1.0",
    }
    try:
        fields = http.Fields.from_list([(name, value.encode()) for name, value in headers.items()])
        outgoing = http.OutgoingRequest(fields)
        outgoing.set_method(http.Method_Post())
        outgoing.set_scheme(http.Scheme_Https())
        outgoing.set_authority(request.authority)
        outgoing.set_path_with_query(request.path)
    except Err:
        raise Err(Error_Denied()) from None
    return outgoing


def timeouts() -> http.RequestOptions:
    options = http.RequestOptions()
    options.set_connect_timeout(10 * SECOND)
    options.set_first_byte_timeout(30 * SECOND)
    options.set_between_bytes_timeout(10 * SECOND)
    return options


def write(body: http.OutgoingBody, content: bytes) -> None:
    """Writes the body. When that fails, the answer or its absence says why."""
    try:
        with body.write() as stream:
            for at in range(0, len(content), WRITE_BYTES):
                stream.blocking_write_and_flush(content[at : at + WRITE_BYTES])
    except Err:
        body.__exit__(None, None, None)
    else:
        http.OutgoingBody.finish(body, None)


def read(response: http.IncomingResponse) -> Response:
    with response:
        with response.headers() as fields:
            headers = fields.entries()
        with response.consume() as incoming, incoming.stream() as stream:
            body, cut_off = read_body(stream)
        return Response(response.status(), headers, body, cut_off)


def read_body(stream: InputStream) -> tuple[bytes, Stage | None]:
    body = bytearray()
    try:
        while len(body) <= MAX_RESPONSE_BYTES:
            body += stream.blocking_read(READ_BYTES)
    except Err as error:
        match error.value:
            case StreamError_LastOperationFailed(cause):
                with cause:
                    code = http.http_error_code(cause)
                return bytes(body), stage(code) if code else Stage.CUT_OFF
    return bytes(body), None


def failure(code: http.ErrorCode) -> Err:
    match code:
        case http.ErrorCode_HttpRequestDenied() | http.ErrorCode_DestinationIpProhibited():
            return Err(Error_Denied())
        case _:
            return Err(Error_Unreachable(stage(code)))


def stage(code: http.ErrorCode) -> Stage:
    return next((stage for stage, codes in STAGES.items() if isinstance(code, codes)), Stage.OTHER)
