"""The sample's short routes on Tornado, one process. usage: tornado_app.py PORT"""
import asyncio
import sys
import time

import tornado.httpserver
import tornado.web


class Plaintext(tornado.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.finish(b"Hello, World!")


class Json(tornado.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "application/json")
        self.finish(b'{"message":"Hello, World!"}')


class Timing(tornado.web.RequestHandler):
    async def get(self, kind, milliseconds):
        seconds = int(milliseconds) / 1000
        if kind == "delay":
            await asyncio.sleep(seconds)
        elif kind == "block":
            time.sleep(seconds)
        else:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                pass
        words = {"delay": "awaited", "block": "blocked", "spin": "spun"}
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{words[kind]} {milliseconds} ms on the loop\n")


async def main():
    # The answers are compared without their ETag, which costs a digest for each.
    tornado.web.RequestHandler.compute_etag = lambda self: None
    app = tornado.web.Application([
        (r"/plaintext", Plaintext),
        (r"/json", Json),
        (r"/(delay|block|spin)/(\d+)", Timing),
    ], log_function=lambda handler: None)
    server = tornado.httpserver.HTTPServer(app)
    server.listen(int(sys.argv[1]), "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


asyncio.run(main())
