"""A subject: the Airbyte CDK's OAuth authenticator, in threads for several requests at a time.

A source calls `get_auth_header`, behind one lock for the whole process. Here it is
`refresh_access_token`, the request within, so that several can be in flight.
"""

from concurrent.futures import ThreadPoolExecutor

from airbyte_cdk.sources.streams.http.requests_native_auth import Oauth2Authenticator

import subject

subject.reach_the_simulator()


def sign_in(_: int) -> str | Exception:
    authenticator = Oauth2Authenticator(
        token_refresh_endpoint=subject.TOKEN_URL,
        client_id=subject.credential["client_id"],
        client_secret=subject.credential["client_secret"],
        refresh_token=None,
        grant_type="client_credentials",
    )
    try:
        token, _expiry = authenticator.refresh_access_token()
        return token
    except Exception as error:
        return error


def sign_in_often(times: int, at_once: int) -> subject.Answers:
    if at_once == 1:
        return [sign_in(number) for number in range(times)]
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(sign_in, range(times)))


subject.main(sign_in_often)
