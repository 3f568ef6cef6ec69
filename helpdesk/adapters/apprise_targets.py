"""Every other place that apprise knows. It makes its own connections and says only whether it worked.

So names that people enter can't be held to the address that was checked: without ``allow_internal`` only services
with one public host are served, see ``domain.targets``. Whether another try would help can't be told either: a no is
never final here.
"""

from __future__ import annotations

import logging

from helpdesk.adapters.posts import Post
from helpdesk.adapters.senders import SendFailed
from helpdesk.domain.problems import Invalid
from helpdesk.domain.targets import checked_url

# What it would log are URLs with their tokens.
logging.getLogger("apprise").setLevel(logging.CRITICAL)


def send(post: Post, *, allow_internal: bool) -> None:
    """Send the post; ``SendFailed`` if apprise can't read the URL (final) or says that it didn't work."""
    from apprise import Apprise, AppriseAsset, NotifyFormat  # 9 MB that only the job worker needs

    try:
        url = checked_url("apprise", post.url, allow_internal=allow_internal)
    except Invalid as problem:
        raise SendFailed("apprise.not_allowed", final=True) from problem
    asset = AppriseAsset(app_id="Unsnag", app_desc="Unsnag", async_mode=False)
    place = Apprise.instantiate(url, asset=asset)
    if place is None:
        raise SendFailed("apprise.bad_url", final=True)
    title = "" if post.text.startswith(post.title) else post.title
    layout = NotifyFormat.MARKDOWN if post.markdown else NotifyFormat.TEXT
    if not place.notify(body=post.text, title=title, body_format=layout):
        raise SendFailed("apprise.refused")
