"""The page of the web app for whoever comes without its token: what is missing, and where it is."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from voila.voila_identity_provider import VoilaLoginHandler

from imageproc.presentation.markup import Markup

_PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Photos</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 14px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh;
    display: grid; place-items: center;
    color: light-dark(#212121, #e8e8e8); background: light-dark(#fff, #111) }}
  main {{ box-sizing: border-box; width: min(26rem, 100vw); padding: 24px }}
  h1 {{ font-size: 20px }}
  label {{ display: block; font-weight: 600; margin-top: 24px }}
  input, button {{ box-sizing: border-box; font: inherit; width: 100%; min-height: 44px; padding: 8px 12px;
    margin-top: 8px; border: 1px solid light-dark(#757575, #9e9e9e); border-radius: 8px }}
  button {{ color: light-dark(#fff, #111); background: light-dark(#0b57a4, #7ab8ff);
    border: 0; font-weight: 600 }}
  [role=alert] {{ color: light-dark(#b3261e, #ff9d94) }}
</style>
</head>
<body>
<main>
<h1>This page needs a token</h1>
<p>Open the address that the terminal showed when this server started: it ends in a token. A server that was
started again has another one.</p>
<form method="post" action="{action}">
<input type="hidden" name="_xsrf" value="{xsrf}">
<label for="token">The address, or its token</label>
<input id="token" name="password" autocomplete="off" autofocus required>
{message}
<button type="submit">Open</button>
</form>
</main>
</body>
</html>
""")
_WRONG = Markup('<p role="alert">That is not the token of this server.</p>')


class LoginPage(VoilaLoginHandler):  # type: ignore[misc]
    """Asks for the token."""

    @allow_unauthenticated
    def post(self) -> None:
        """Take the token, also within an address that was pasted."""
        typed = self.get_argument("password", default="").strip()
        (token,) = parse_qs(urlsplit(typed).query).get("token", [typed])[:1]
        self.request.arguments["password"] = [token.encode()]
        super().post()

    def _render(self, message: dict[str, str] | None = None) -> None:
        page = _PAGE.format(
            action=self.request.uri,
            xsrf=self.xsrf_token.decode(),
            message=_WRONG if message and "error" in message else "",
        )
        self.finish(page)
