// Package resttest knows which answers of the REST API a test that sends random
// requests may meet. It is for tests only.
package resttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// explained are parts of the messages of 5xx answers that a request can bring
// about: Java gives them, with these texts, and clients match them.
var explained = []string{
	"Kafka Connect in standalone mode does not support",
	"No connector `",
	"since it is not a recognizable type",
	`Cannot invoke "`,
	// A name with braces is taken for a template.
	"The template variable '", "Invalid syntax in the template", "in a path template", "java.net.URISyntaxException",
	// What a connector's own check of offsets, or the broker, says.
	"Offsets cannot be modified if", "Offset objects should either be null", "The value for the 'position' key", "Partition objects ", "Offsets may only contain primitive types",
	"Failed to modify offsets", "Failed to alter consumer group offsets",
	// Why offsets were not read: settings of the connector that are for the client to correct.
	" of offset.storage.topic: ", ": settings of the producer: ", ": settings of the consumer: ",
	"Instantiation error",
	// A restart of a connector whose start fails; its status says why.
	"Failed to start connector: ", "Failed to transition connector ",
	"Non-string value found in original settings",
	": Not a number of type ",
	`Missing required configuration "`,
	"has no value for the configuration",
}

// Unexplained returns what is wrong with the status and body of an answer, or ""
// if a client could have brought it about.
func Unexplained(status int, body string) string {
	if status < http.StatusInternalServerError {
		return ""
	}
	var m struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil || m.Code != status {
		return fmt.Sprintf("status %d without an error's body: %s", status, body)
	}
	for _, part := range explained {
		if strings.Contains(m.Message, part) {
			return ""
		}
	}
	return fmt.Sprintf("status %d without a reason: %s", status, m.Message)
}
