package highball

// Version of this module; environ's SERVER_SOFTWARE is "highball/" and this.
const Version = "0.1.0"
