package e2e

// clause is one rule of PEP 3333, or of what applications rely on beyond it.
type clause struct {
	number int
	says   string
	tests  []string // "TestName", or "TestKnownFailures/name"
}

func tests(names ...string) []string { return names }

var clauses = []clause{
	// Calling the application.
	{1, "two positional arguments", tests("TestArgumentsArePositional")},
	{2, "any kind of callable", tests("TestEveryKindOfCallable")},
	{3, "one call for each request", tests("TestOneCallForEachRequest", "TestPipelinedRequestsAreEachCalledOnce", "TestStreamsOfOneConnectionAreEachCalledOnce")},
	{4, "called again in one process", tests("TestTheSameProcessIsCalledAgain")},
	{5, "environ is a dict itself", tests("TestEnvironIsADict")},
	{6, "environ may be modified in any way", tests("TestEnvironMayBeModified")},
	{7, "nothing of a request in the next one's environ", tests("TestEnvironKeepsNothingOfTheRequestBefore")},
	{8, "start_response takes two arguments or three", tests("TestStartResponseTakesTwoArgumentsOrThree")},
	{9, "start_response returns write", tests("TestStartResponseTakesTwoArgumentsOrThree")},
	{10, "no argument has to be a keyword", tests("TestArgumentsArePositional", "TestStartResponseTakesTwoArgumentsOrThree")},

	// CGI variables.
	{11, "REQUEST_METHOD is never empty", tests("TestRequestMethod")},
	{12, "SCRIPT_NAME is the mount's part of the path", tests("TestPathBelowAMount", "TestPathAtTheRoot", "TestMountedBesideGoHandlers")},
	{13, "PATH_INFO is the rest", tests("TestPathBelowAMount", "TestPathAtTheRoot", "TestMountedBesideGoHandlers")},
	{14, "QUERY_STRING is not decoded", tests("TestQueryString")},
	{15, "CONTENT_TYPE", tests("TestContentTypeAndLength")},
	{16, "CONTENT_LENGTH", tests("TestContentTypeAndLength")},
	{17, "SERVER_NAME is never empty", tests("TestServerNameAndPortAreNeverEmpty", "TestServerNameAndPortWithoutAHost")},
	{18, "SERVER_PORT is a non-empty str", tests("TestServerNameAndPortAreNeverEmpty", "TestServerNameAndPortWithoutAHost")},
	{19, "SERVER_PROTOCOL is the request's version", tests("TestServerProtocol")},
	{20, "HTTP_* exactly where the field is", tests("TestFieldsBecomeVariables")},
	{21, "no HTTP_CONTENT_TYPE, no HTTP_CONTENT_LENGTH", tests("TestContentTypeAndLength")},
	{22, "other CGI variables that apply", tests("TestCommonVariables")},
	{23, "variables of TLS", tests("TestVariablesOfTLS", "TestSchemeWithTLS", "TestTLSVariables")},
	{24, "the variables are documented", tests("TestVariablesAreDocumented")},
	{25, "a variable without a value is left out", tests("TestVariablesWithoutAValueAreLeftOut")},
	{26, "every CGI variable is a str", tests("TestVariablesAreBuiltinStrings")},
	{27, "names of the server's own variables", tests("TestOwnVariablesAreNamedAsThePEPWants")},
	{28, "the deployer adds to environ", tests("TestDeployerAddsToEnviron")},
	{29, "bytes round-trip through latin-1", tests("TestBytesRoundTripThroughLatin1")},

	// wsgi.* variables.
	{30, "wsgi.version is (1, 0)", tests("TestWSGIVariables")},
	{31, "wsgi.url_scheme", tests("TestWSGIVariables", "TestSchemeWithTLS")},
	{32, "wsgi.input yields bytes", tests("TestWSGIVariables", "TestInputReadSize")},
	{33, "wsgi.errors is a text stream", tests("TestErrorStreamReachesTheLog")},
	{34, "wsgi.errors takes any text", tests("TestErrorStreamTakesAnyText")},
	{35, "where wsgi.errors goes is documented", tests("TestErrorStreamIsDocumented")},
	{36, "wsgi.multithread tells the truth", tests("TestMultithreadIsTrueWhereThreadsMeet", "TestOneThreadServesOneRequestAtATime")},
	{37, "wsgi.multiprocess tells the truth", tests("TestMultiprocessIsTrueWhereProcessesMeet", "TestOneThreadServesOneRequestAtATime")},
	{38, "wsgi.run_once is false", tests("TestWSGIVariables")},
	{39, "wsgi.input_terminated is true where it is safe", tests("TestChunkedRequestEndsByItself")},

	// Streams.
	{40, "read(size)", tests("TestInputReadSize")},
	{41, "read() and read(-1)", tests("TestInputReadToTheEnd")},
	{42, "input ends where the body does", tests("TestInputEndsBeforeThePipelinedRequest")},
	{43, "the end is met again and again", tests("TestInputEndsAgainAndAgain", "TestInputOfNoBodyIsEmpty")},
	{44, "readline() keeps the line's end", tests("TestInputReadline")},
	{45, "readline(size)", tests("TestInputReadlineSize")},
	{46, "readlines(), with a hint too", tests("TestInputReadlines")},
	{47, "input is iterated by lines", tests("TestInputIsIterable")},
	{48, "read and readline as the library has them", tests("TestInputSemanticsOfTheLibrary")},
	{49, "errors.write", tests("TestErrorStreamReachesTheLog")},
	{50, "errors.writelines", tests("TestErrorStreamReachesTheLog")},
	{51, "errors.flush", tests("TestErrorStreamReachesTheLog")},
	{52, "a chunked body arrives decoded", tests("TestChunkedBodyArrivesDecoded", "TestLargeBodiesOfUnknownLength", "TestTrailersAreNoFields")},
	{53, "a body cut short is an error", tests("TestBodyCutByFIN", "TestBodyCutByRST", "TestBodyThatEndsBeforeItsLength", "TestBodyThatIsGivenUp")},

	// start_response.
	{54, "a second call without exc_info is fatal", tests("TestSecondStartResponseIsFatal")},
	{55, "exc_info replaces status and headers", tests("TestExcInfoReplacesStatusAndHeaders")},
	{56, "exc_info after output raises", tests("TestExcInfoAfterOutputIsRaised")},
	{57, "the very exception is raised", tests("TestExcInfoAfterOutputIsRaised")},
	{58, "no reference to exc_info is kept", tests("TestExcInfoIsNotKept")},
	{59, "the head waits for the first bytes", tests("TestHeadWaitsForTheFirstBlock")},
	{60, "but not with a Content-Length of 0", tests("TestLengthOfZeroNeedsNoBlock")},
	{61, "the head is sent at the end of an empty body", tests("TestHeadIsSentWhenThereIsNoBody")},
	{62, "after an empty block the application may change its mind", tests("TestExcInfoReplacesAfterAnEmptyBlock")},
	{63, "errors in the head are raised at the call", tests("TestForbiddenStatus", "TestForbiddenHeaders")},
	{64, "text beyond latin-1 is an error", tests("TestTextBeyondLatin1")},
	{65, "hop-by-hop fields are an error", tests("TestHopByHopFields")},
	{66, "the server adds what HTTP requires", tests("TestServerAddsWhatHTTPRequires")},
	{67, "field names have no case", tests("TestFieldNamesAreComparedWithoutCase")},
	{68, "nothing the application said is doubled or overridden", tests("TestNothingTheApplicationSaidIsOverridden", "TestFieldNamesAreComparedWithoutCase")},

	// Body.
	{69, "each block is sent before the next is asked for", tests("TestEachBlockIsSentBeforeTheNext")},
	{70, "so is each write()", tests("TestEachWriteIsSentBeforeItReturns")},
	{71, "bytes are not altered", tests("TestBytesAreNotAltered")},
	{72, "a list of one block gives the length, unless write() was used", tests("TestLengthOfAOneBlockList")},
	{73, "close() after a normal end", tests("TestCloseAfterANormalEnd")},
	{74, "close() after an exception", tests("TestCloseAfterAnException")},
	{75, "close() after the client left", tests("TestCloseAfterTheClientLeft", "TestStreamsAreGivenUpAlone", "TestCloseAfterTheClientLeftAWaitingApplication", "TestWriteRaisesAfterTheClientLeft")},
	{76, "close() for HEAD, 304, empty and complete bodies", tests("TestCloseWithoutABody")},
	{77, "start_response may come with the iteration", tests("TestApplicationsMayStartWhenIterated")},
	{78, "no attribute of the iterable but close", tests("TestNoOtherAttributesOfTheIterableAreUsed")},
	{79, "any iterable", tests("TestEveryKindOfIterable")},
	{80, "an empty block is no end", tests("TestEmptyBlocksAreNoEnd")},
	{81, "blocks that are no bytes are an error", tests("TestBlocksThatAreNoBytes")},
	{82, "what was written comes before what is yielded", tests("TestWrittenBytesComeFirst", "TestEachWriteIsSentBeforeItReturns")},
	{83, "a result that cannot be iterated is a logged 500", tests("TestResultsThatAreNotIterable")},

	// Content-Length.
	{84, "never more bytes than declared", tests("TestNeverMoreThanContentLength", "TestBodyThatIsTooLongIsLogged")},
	{85, "the iteration stops there", tests("TestIterationStopsAtContentLength")},
	{86, "write() beyond it raises", tests("TestWriteBeyondContentLengthRaises")},
	{87, "too few bytes end the connection", tests("TestBodyThatIsTooShortEndsTheConnection", "TestBodyThatIsTooShortIsCut")},
	{88, "too few bytes are logged", tests("TestBodyThatIsTooShortIsLogged")},
	{89, "framing without a length", tests("TestFramingWithoutALength")},

	// Errors.
	{90, "exceptions are logged and answered", tests("TestExceptionsAreLoggedAndAnswered500")},
	{91, "in the iteration too, and the client can tell", tests("TestExceptionsAfterTheFirstBlockCutTheBody")},
	{92, "exits take nothing down", tests("TestExitsInTheApplicationTakeNothingDown")},
	{93, "no message is appended to a body that is no text", tests("TestNoMessageIsAppendedToABody")},
	{94, "exceptions of close() are logged", tests("TestExceptionsOfCloseAreLogged")},

	// Expect, HTTP's features, threads.
	{95, "100 Continue when the application reads", tests("TestContinueIsSentWhenTheApplicationReads", "TestNoContinueForABodyThatIsNotRead", "TestNoContinueForABodyThatIsThere")},
	{96, "no 100 to HTTP/1.0", tests("TestNoContinueToHTTP10")},
	{97, "status text, order and number of fields as given", tests("TestFieldsMayRepeat", "TestKnownFailures/reason-phrase", "TestKnownFailures/field-order", "TestWiresDifferAsExplained")},
	{98, "ranges and conditions are the application's", tests("TestRangesAndConditionsAreTheApplications")},
	{99, "HEAD has the fields of GET and no body", tests("TestHeadHasTheFieldsOfGetAndNoBody")},
	{100, "an application can be run in a single thread", tests("TestOneThreadServesOneRequestAtATime")},

	// Extensions and file_wrapper.
	{101, "an extension gives way to middleware", tests("TestFileWrapperBehindMiddleware")},
	{102, "file_wrapper takes a file and a size", tests("TestFileWrapperTakesFilesOfAllKinds")},
	{103, "it transmits nothing until it is returned", tests("TestFileWrapperTransmitsOnlyWhenReturned")},
	{104, "its close() is the file's", tests("TestFileWrapperClosesTheFile")},
	{105, "it sends from the current position", tests("TestFileWrapperStartsAtTheCurrentPosition")},
	{106, "it takes files that have no descriptor, or no seek", tests("TestFileWrapperTakesFilesOfAllKinds", "TestFileWrapperBehindMiddleware")},
	{107, "it honours Content-Length", tests("TestFileWrapperHonoursContentLength")},

	// The URL.
	{108, "the URL can be put together again", tests("TestURLCanBeReconstructed", "TestURLWithTLS", "TestURLOnDefaultPorts")},

	// What applications rely on beyond the letter.
	{109, "the path is decoded once", tests("TestPathIsDecodedOnceAndNotCleaned")},
	{110, "REQUEST_URI, REMOTE_ADDR and their like", tests("TestCommonVariables")},
	{111, "names with underscores and Proxy are dropped", tests("TestUnderscoresShadowNothingAndProxyIsDropped")},
	{112, "repeated fields are joined", tests("TestRepeatedFieldsAreJoined")},
	{113, "a chunked request ends by itself", tests("TestChunkedRequestEndsByItself")},
	{114, "a client that goes, or a malformed chunk, is an OSError", tests("TestBodyCutByRST", "TestBodyCutByFINRaisesOSError", "TestMalformedChunkEndsTheConnection")},
	{115, "an unread body is never a request", tests("TestUnreadBodyIsNoRequest", "TestPipeliningBehindAnUnreadChunkedBody", "TestUnreadBodyThatNeverComes")},
	{116, "any reads over any cut give the same", tests("TestInputProperty")},
	{117, "other expectations are answered 417", tests("TestOtherExpectationsFail")},
	{118, "the check of ordinary heads is cheap", tests("TestOrdinaryHeadsTakeNoSlowLook")},
	{119, "no body and no invented length for 204, 304", tests("TestStatusesWithoutABody", "TestKnownFailures/length-of-304")},
	{120, "a false Content-Length, any Transfer-Encoding are errors", tests("TestForbiddenContentLength", "TestForbiddenTransferEncoding")},
	{121, "odd files in file_wrapper", tests("TestFileWrapperOfATextFileFails", "TestFileWrapperOfAClosedFileFails", "TestFileThatChangesWhileItIsSent", "TestFileWrapperTakesFilesOfAllKinds")},
	{122, "wsgiref.validate finds nothing", tests("TestValidatorAroundEveryApplication", "TestValidatorBetweenTwoMiddlewares", "TestBlocksStreamThroughMiddleware")},
	{123, "wsgi.early_hints", tests("TestEarlyHints")},
	{124, "what is printed reaches the log only", tests("TestPrintsReachTheLogOnly")},
	{125, "lines of wsgi.errors carry the request's id", tests("TestErrorLinesCarryTheRequestID")},
}
