package rest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"

	"sluice/connect/config"
	"sluice/internal/properties"
)

const (
	extensionsKey = "rest.extension.classes"
	// JAASFileKey names the JAAS file of basic authentication, as the system
	// property java.security.auth.login.config does for the Java worker.
	JAASFileKey = "rest.auth.jaas.config.file"

	basicAuth = "BasicAuthSecurityRestExtension"
	classBase = "org.apache.kafka.connect.rest.basic.auth.extension."
	section   = "KafkaConnect"
)

// credentials are the users of basic authentication. Passwords are kept as
// digests, and compared in constant time.
type credentials struct {
	users map[string][sha256.Size]byte
}

// CheckSettings refuses settings of the worker that ask for what the API does not
// have, before it listens. It reads the files that they name.
func CheckSettings(settings config.Map) error {
	_, err := readCredentials(settings)
	return err
}

// readCredentials reads what rest.extension.classes asks for; nil is no
// authentication. Only Java's basic authentication is known.
func readCredentials(values config.Map) (*credentials, error) {
	wanted := false
	for _, class := range list(values[extensionsKey]) {
		if class != basicAuth && class != classBase+basicAuth {
			return nil, fmt.Errorf("%s=%s: the extension %s is Java code, which this worker does not run: %s is possible", extensionsKey, values[extensionsKey], class, classBase+basicAuth)
		}
		wanted = true
	}
	if !wanted {
		return nil, nil //nolint:nilnil // nobody has to show credentials
	}
	path := config.Trim(values[JAASFileKey])
	if path == "" {
		return nil, fmt.Errorf("%s=%s needs a JAAS file with a section %s: name it with %s or with KAFKA_OPTS=-Djava.security.auth.login.config=FILE", extensionsKey, values[extensionsKey], section, JAASFileKey)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", JAASFileKey, path, err)
	}
	file, err := credentialsFile(string(content))
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", JAASFileKey, path, err)
	}
	users, _, err := properties.Load(file)
	if err != nil {
		return nil, fmt.Errorf("%s=%s, option file of the section %s: %w", JAASFileKey, path, section, err)
	}
	c := &credentials{users: make(map[string][sha256.Size]byte, len(users))}
	for user, password := range users {
		c.users[user] = sha256.Sum256([]byte(password))
	}
	return c, nil
}

// credentialsFile finds the file of users in a JAAS file.
func credentialsFile(text string) (string, error) {
	entries, err := parseJAAS(text)
	if err != nil {
		return "", err
	}
	modules, found := entries[section]
	if !found {
		return "", fmt.Errorf("it has no section %s { ... };", section)
	}
	if len(modules) != 1 || strings.TrimPrefix(modules[0].class, classBase) != "PropertyFileLoginModule" {
		return "", fmt.Errorf("the section %s has to name %sPropertyFileLoginModule and no other login module", section, classBase)
	}
	file := modules[0].options["file"]
	if file == "" {
		return "", fmt.Errorf(`the login module of the section %s has no option file="..." with the users`, section)
	}
	return file, nil
}

// admitted reports whether the request may come in. As in Java an empty file of
// users lets everybody in.
func (s *api) admitted(r *http.Request) bool {
	if s.credentials == nil || len(s.credentials.users) == 0 {
		return true
	}
	user, password, fine := basicCredentials(r.Header.Get("Authorization"))
	digest := sha256.Sum256([]byte(password))
	want, known := s.credentials.users[user]
	return subtle.ConstantTimeCompare(digest[:], want[:]) == 1 && known && fine
}

// basicCredentials reads an Authorization header. The name ends at the first
// colon and must not be empty.
func basicCredentials(header string) (user, password string, ok bool) {
	scheme, encoded, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "basic") {
		return "", "", false
	}
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	user, password, found = strings.Cut(string(plain), ":")
	return user, password, found && user != ""
}

func writeUnauthorized(w http.ResponseWriter, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte("User cannot access the resource.")) // as in writeMessage
}
