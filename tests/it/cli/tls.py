"""Puts TLS before a server: certificate, key, the server's port, and what it speaks (`h2`, where it is not HTTP 1) on the
command line; prints its own port. For the test `tls.rs`; ends with its input."""
import socket
import ssl
import sys
import threading

certificate, key, port, *protocols = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if protocols:
    context.set_alpn_protocols(protocols)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(plain):
    try:
        secure = context.wrap_socket(plain, server_side=True)
    except OSError:
        return
    behind = socket.create_connection(("127.0.0.1", int(port)))
    threading.Thread(target=copy, args=(behind, secure), daemon=True).start()
    copy(secure, behind)


def accept():
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
