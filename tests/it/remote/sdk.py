"""What the official Python SDK does with our workspace. For the test `workspace.rs`: a host, a token, an id and a secret
on stdin as JSON; what it saw as JSON on stdout."""
import io
import json
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import AlreadyExists, NotFound, PermissionDenied, ResourceAlreadyExists, Unauthenticated

asked = json.load(sys.stdin)
host = asked["host"]
w = WorkspaceClient(host=host, token=asked["token"], auth_type="pat")
seen = {"me": w.current_user.me().user_name}

seen["catalogs"] = [c.name for c in w.catalogs.list()]
seen["schemas"] = [s.full_name for s in w.schemas.list("main")]
seen["volumes"] = [v.full_name for v in w.volumes.list("main", "a")]
seen["volume"] = w.volumes.read("main.a.v").volume_id
seen["tables"] = [[t.full_name, t.created_at] for t in w.tables.list("main", "a")]

folder = "/Volumes/main/a/v/new folder"
w.files.create_directory(folder)
w.files.upload(folder + "/ü #1.bin", io.BytesIO(b"0123456789"), overwrite=True)
seen["downloaded"] = w.files.download(folder + "/ü #1.bin").contents.read().decode()
meta = w.files.get_metadata(folder + "/ü #1.bin")
seen["length"] = meta.content_length
seen["listed"] = [[e.name, e.is_directory, e.file_size] for e in w.files.list_directory_contents("/Volumes/main/a/v")]
seen["many"] = len(list(w.files.list_directory_contents("/Volumes/main/a/many")))


def error(call, kind):
    try:
        call()
    except kind as e:
        return str(e)
    return "nothing was raised"


seen["missing"] = error(lambda: w.files.download("/Volumes/main/a/v/none"), NotFound)
seen["taken"] = error(lambda: w.files.upload(folder + "/ü #1.bin", io.BytesIO(b"x"), overwrite=False), AlreadyExists)
try:
    w.files.delete_directory(folder)
except Exception as e:
    seen["not_empty"] = str(e)
w.files.delete(folder + "/ü #1.bin")
w.files.delete_directory(folder)

w.dbfs.mkdirs("/out")
blocks = bytes(range(256)) * 6000
w.dbfs.upload("/out/ü #1.part", io.BytesIO(blocks), overwrite=True)
seen["dbfs_taken"] = error(lambda: w.dbfs.upload("/out/ü #1.part", io.BytesIO(b"x")), ResourceAlreadyExists)
w.dbfs.move("/out/ü #1.part", "/out/ü #1.bin")
seen["dbfs_whole"] = w.dbfs.download("/out/ü #1.bin").read() == blocks
seen["dbfs_listed"] = [[f.path, f.is_dir, int(f.file_size)] for f in w.dbfs.list("/out")]
w.dbfs.delete("/out/ü #1.bin")
seen["dbfs_missing"] = error(lambda: w.dbfs.get_status("/out/ü #1.bin"), NotFound)

seen["clusters"] = [[c.cluster_name, c.state.value if c.state else None] for c in w.clusters.list()]
seen["no_cluster"] = error(lambda: w.clusters.get("9999-1-x"), NotFound)
w.clusters.start_and_wait("0101-123456-abcdefgh")
seen["warehouses"] = [[x.name, x.state.value] for x in w.warehouses.list()]
w.warehouses.start_and_wait("0123456789abcdef")
seen["started"] = w.clusters.get("0101-123456-abcdefgh").state.value

seen["instance"] = w.database.get_database_instance("shop").read_write_dns
seen["password"] = w.database.generate_database_credential(instance_names=["shop"], request_id="r").token
seen["endpoint_password"] = w.postgres.generate_database_credential("projects/p/branches/b/endpoints/e").token

statement = w.statement_execution.execute_statement("SELECT 1", "0123456789abcdef", wait_timeout="5s")
seen["sql"] = [statement.status.state.value, [c.name for c in statement.manifest.schema.columns], statement.result.data_array]
failed = w.statement_execution.execute_statement("BAD", "0123456789abcdef", wait_timeout="5s")
seen["failed_sql"] = [failed.status.state.value, failed.status.error.message]

m2m = WorkspaceClient(config=Config(host=host, client_id=asked["id"], client_secret=asked["secret"], auth_type="oauth-m2m"))
seen["m2m"] = m2m.current_user.me().user_name
wrong = WorkspaceClient(host=host, token="dapi-wrong", auth_type="pat")
seen["wrong"] = error(lambda: list(wrong.catalogs.list()), PermissionDenied)
json.dump(seen, sys.stdout)
