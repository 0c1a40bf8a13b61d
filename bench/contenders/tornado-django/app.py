"""The sample's short routes on Tornado, one process; with a database also /db and /fortunes through Django's ORM.

usage: app.py PORT [DATABASE_PORT]
"""
import asyncio
import os
import platform
import random
import sys
import threading
import time

import tornado.escape
import tornado.httpserver
import tornado.web

WORLDS = 10_000


def open_models(port):
    """Django's ORM on MariaDB; queries block the process, as Django's ORM does."""
    if platform.python_implementation() == "PyPy":
        # MySQLdb is C against CPython; Django takes PyMySQL, which is all Python, in its place.
        import pymysql
        pymysql.install_as_MySQLdb()

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Tornado's handlers run on an event loop
    import django
    from django.conf import settings
    from django.db import connections, models
    settings.configure(DATABASES={"default": {
        "ENGINE": "django.db.backends.mysql", "HOST": "127.0.0.1", "PORT": port,
        "NAME": "sample", "USER": "sample", "PASSWORD": "sample", "OPTIONS": {"charset": "utf8mb4"},
    }})
    django.setup()

    # One connection for the process. Django would keep one for each asyncio task, which is one for each of nginx's connections, and never close it.
    connections._connections = threading.local()

    class World(models.Model):
        id = models.IntegerField(primary_key=True)
        number = models.IntegerField(db_column="randomNumber")

        class Meta:
            app_label = "app"
            db_table = "world"

    class Fortune(models.Model):
        id = models.IntegerField(primary_key=True)
        message = models.CharField(max_length=2048)

        class Meta:
            app_label = "app"
            db_table = "fortune"

    return World, Fortune


class Plaintext(tornado.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.finish(b"Hello, World!")


class Json(tornado.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "application/json")
        self.finish(b'{"message":"Hello, World!"}')


class Db(tornado.web.RequestHandler):
    def initialize(self, world):
        self.world = world

    def get(self):
        row = self.world.objects.get(id=random.randint(1, WORLDS))
        self.set_header("Content-Type", "application/json")
        self.finish(f'{{"id":{row.id},"randomNumber":{row.number}}}')


class Fortunes(tornado.web.RequestHandler):
    def initialize(self, fortune):
        self.fortune = fortune

    def get(self):
        rows = list(self.fortune.objects.all())
        rows.append(self.fortune(id=0, message="Additional fortune added at request time."))
        rows.sort(key=lambda row: row.message)
        table = "".join(f"<tr><td>{row.id}</td><td>{tornado.escape.xhtml_escape(row.message)}</td></tr>" for row in rows)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish("<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>"
                    f"<tr><th>id</th><th>message</th></tr>{table}</table></body></html>")


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


async def main(port, database_port=None):
    # The answers are compared without their ETag, which costs a digest for each.
    tornado.web.RequestHandler.compute_etag = lambda self: None
    routes = [
        (r"/plaintext", Plaintext),
        (r"/json", Json),
        (r"/(delay|block|spin)/(\d+)", Timing),
    ]
    if database_port is not None:
        world, fortune = open_models(database_port)
        routes += [(r"/db", Db, {"world": world}), (r"/fortunes", Fortunes, {"fortune": fortune})]
    app = tornado.web.Application(routes, log_function=lambda handler: None)
    server = tornado.httpserver.HTTPServer(app)
    server.listen(int(port), "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
