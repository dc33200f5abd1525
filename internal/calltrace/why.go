package calltrace

// The captions: what somebody asks who meets WSGI for the first time.
const (
	whyRequest = "A request is text: a line with method, path and version, header fields, an empty line, then perhaps a body. " +
		"The application never sees it in this form."
	whyEnviron = "environ is the whole request as a dict: PEP 3333 takes the names from CGI. Header fields become HTTP_NAME, " +
		"strings hold one character for each byte (latin-1), and the body is not in it but behind wsgi.input."
	whyCall = "A WSGI application is any callable with these two positional arguments. The server has imported it once and " +
		"calls it once for each request. start_response is the server's: a function for the application to call."
	whyClass = "Calling a class makes an instance: the instance is the iterable that becomes the body."
	whyInner = "A middleware is both: to the server an application, to the application a server. It passes on environ " +
		"and start_response, as they were or in its own version, and gets the body back."
	whyMisused = "PEP 3333 has servers and middleware call with two positional arguments, since their names are the application's own choice."
	whyStart   = "start_response gives the server the status and the headers of the response. They are only noted: nothing is sent " +
		"before the first block of the body that is not empty, so that an error on the way there can still replace them."
	whyExcInfo = "With exc_info the application replaces what it said before, since something failed meanwhile. " +
		"If the head has been sent, start_response raises the exception again instead."
	whyRefused   = "What is wrong with status, headers or the order of calls is raised at the call, where the traceback shows it."
	whyWrite     = "write() is what start_response returns, for old code that cannot return an iterable. The data is sent before the call returns."
	whyRead      = "The body of the request is read only where the application asks for it, and ends where the request ends."
	whyList      = "The body is an iterable of bytes objects. A list has all of them at once, so the server knows the length and sends everything together. It has no close(), so none is called."
	whyGenerator = "Nothing of a generator's code has run yet. It runs while the server asks for blocks, up to each yield, " +
		"so that start_response may be called as late as before the first block."
	whyIterable   = "The body is any iterable of bytes objects. The server asks it for one block after the other."
	whyBlock      = "The server sends each block before it asks for the next: a response can be longer than memory, or never end."
	whyInnerBlock = "The blocks of the application go to the middleware around it, which may pass them on, change them or hold them back."
	whyClose      = "close() is called once, whatever has happened: at the end of the body, after an exception, when the client has left. " +
		"Frameworks give back there what the request held."
	whyOwnAnswer = "This answer is the server's own, not the application's; the steps above or the log on stderr say why."
	whyHead      = "To HEAD there is no body, even if the application gives one."
	whyFile      = "This is what wsgi.file_wrapper makes of a file. The server sends the file itself, without a loop in Python, where it is one on disk."
	whyEmpty     = "An empty block sends nothing, not even the head: the application may still change its mind."
	whyChunked   = "It did not know the length when the head left, hence the chunks: each has its size before it, in hexadecimal, and 0 is the end."
	whyResponse  = "Status line and headers come before the body, as HTTP wants them: that is why start_response comes before the blocks."
)

func whyException(phase string, outermost bool) string {
	switch {
	case !outermost:
		return "The exception goes to the layer around this one, which may handle it."
	case phase == "close":
		return "The response has been sent; the server logs the traceback."
	case phase == "iteration":
		return "The server logs the traceback. If nothing was sent it answers 500; otherwise it cuts the connection, so that nobody takes the part for the whole."
	}
	return "The server logs the traceback and answers 500, without the traceback: that is for the log, not for clients. The worker lives on."
}
