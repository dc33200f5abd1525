"""Uses every method of wsgi.errors."""

from support import query


def application(environ, start_response):
    errors, tag = environ["wsgi.errors"], query(environ)["tag"]
    errors.write(tag + " write\n")
    errors.writelines([tag + " writelines 1\n", tag + " writelines 2\n"])
    errors.write(tag + " unfinished")
    errors.flush()
    errors.write("\n" + tag + " snowman \u2603 grin \U0001f600 surrogate \udc80 end\n")
    print(tag, "print", file=errors)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"told"]
