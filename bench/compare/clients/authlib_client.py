"""A subject: Authlib's OAuth client on httpx2, with its connection pool."""

import asyncio

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client

import subject

subject.reach_the_simulator()
loop = asyncio.new_event_loop()
client = AsyncOAuth2Client(
    subject.credential["client_id"],
    subject.credential["client_secret"],
    token_endpoint_auth_method="client_secret_post",
    timeout=subject.PATIENCE_SECS,
    # The default is a hundred, and waiting longer than five seconds for one of them fails.
    limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None),
)


async def sign_in(free: asyncio.Semaphore) -> str:
    async with free:
        token = await client.fetch_token(subject.TOKEN_URL, grant_type="client_credentials")
        return token["access_token"]


async def sign_in_all(times: int, at_once: int) -> subject.Answers:
    free = asyncio.Semaphore(at_once)
    return await asyncio.gather(*(sign_in(free) for _ in range(times)), return_exceptions=True)


def sign_in_often(times: int, at_once: int) -> subject.Answers:
    return loop.run_until_complete(sign_in_all(times, at_once))


subject.main(sign_in_often)
