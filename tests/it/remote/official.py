"""Answers as the official Python SDK does, without any network. For the test `official.rs`.

`files` on the command line: a JSON list of texts on stdin, read by the SDK's file reader. `cases`: a JSON list of
{"variables", "file", "az", "databricks"}, resolved by `Config`. A JSON list of answers on stdout.
"""
import configparser
import io
import json
import os
import pathlib
import sys
import tempfile


def read(text):
    ini = configparser.ConfigParser()
    try:
        ini.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    except (configparser.Error, UnicodeError) as e:
        return {"error": str(e)}
    sections = {name: dict(values) for name, values in ini._sections.items()}
    if ini.defaults():
        sections["DEFAULT"] = dict(ini.defaults())
    return {"sections": sections}


def resolver(folder):
    from databricks.sdk import config, credentials_provider, oauth

    def refuse(*args, **kwargs):
        raise AssertionError("this test asks no server")

    config.requests.get = refuse
    credentials_provider.requests.get = refuse
    config.Config._resolve_host_metadata = lambda self: None
    config.Config.load_azure_tenant_id = lambda self: None
    config.Config.databricks_oidc_endpoints = property(lambda self: oauth.OidcEndpoints("https://a", "https://t"))

    class Answer:
        stdout = b""

    installed = {}

    def run(arguments, **kwargs):
        if arguments[0] == "az" and not installed["az"]:
            raise FileNotFoundError("az")
        answer = Answer()
        if "get-access-token" in arguments:
            answer.stdout = b'{"tokenType":"Bearer","accessToken":"a.e30.c","expiresOn":"2099-01-01 00:00:00"}'
        elif "auth" in arguments:
            answer.stdout = b'{"token_type":"Bearer","access_token":"a.e30.c","expiry":"2099-01-01T00:00:00Z"}'
        else:
            answer.stdout = b'{"Major":0,"Minor":300,"Patch":0}'
        return answer

    credentials_provider._run_subprocess = run
    programs = pathlib.Path(folder) / "programs"
    programs.mkdir()
    (programs / "databricks").write_bytes(bytes(1 << 20))

    def resolve(case):
        installed["az"] = case["az"]
        path = pathlib.Path(folder) / ".databrickscfg"
        path.unlink(missing_ok=True)
        if case["file"] is not None:
            path.write_bytes(case["file"].encode())
        os.environ.clear()
        os.environ.update(case["variables"], HOME=folder, PATH=str(programs) if case["databricks"] else "/nowhere")
        try:
            found = config.Config()
        except (ValueError, configparser.Error) as e:
            return {"error": str(e)}
        values = {k: v for k, v in found._inner.items() if isinstance(v, str)}
        return {"auth": found.auth_type, "host": found.host, "values": values}

    return resolve


asked = json.load(sys.stdin)
if sys.argv[1] == "files":
    answers = [read(text) for text in asked]
else:
    with tempfile.TemporaryDirectory() as folder:
        resolve = resolver(folder)
        answers = [resolve(case) for case in asked]
json.dump(answers, sys.stdout)
