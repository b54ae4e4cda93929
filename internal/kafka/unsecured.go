package kafka

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unsecuredOption starts the options of tokens that nobody signs. They are for
// trying things: a broker in production refuses them.
const unsecuredOption = "unsecuredLogin"

// unsecured are the claims of such tokens.
type unsecured struct {
	claims map[string]any
	life   time.Duration
}

func newUnsecured(options map[string]string) (unsecured, error) {
	u := unsecured{claims: map[string]any{}, life: time.Hour}
	for name, v := range options {
		if err := u.option(name, v); err != nil {
			return u, fmt.Errorf("option %s: %w", name, err)
		}
	}
	principal := orElse(strings.TrimSpace(options[unsecuredOption+"PrincipalClaimName"]), "sub")
	if _, ok := u.claims[principal]; !ok {
		return u, fmt.Errorf(`give %sStringClaim_%s="..." for a token that nobody signs, or set sasl.login.callback.handler.class=%s for one of a provider`,
			unsecuredOption, principal, bearerHandler)
	}
	return u, nil
}

func (u *unsecured) option(name, v string) error {
	if name == unsecuredOption+"LifetimeSeconds" {
		n, err := strconv.ParseInt(v, 10, 32)
		u.life = time.Duration(n) * time.Second
		if err != nil || n <= 0 {
			return fmt.Errorf("give a number of seconds")
		}
		return nil
	}
	kinds := map[string]func(string) (any, error){
		"StringClaim_": func(s string) (any, error) { return s, nil },
		"ListClaim_":   func(s string) (any, error) { return listClaim(s), nil },
		"NumberClaim_": func(s string) (any, error) {
			n, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return nil, fmt.Errorf("give a number")
			}
			return n, nil
		},
	}
	for kind, value := range kinds {
		claim, ok := strings.CutPrefix(name, unsecuredOption+kind)
		if !ok || claim == "" {
			continue
		}
		if claim == "iat" || claim == "exp" {
			return fmt.Errorf("the claim %s cannot be set", claim)
		}
		var err error
		u.claims[claim], err = value(v)
		return err
	}
	return nil
}

// listClaim cuts at the first character, which stands before the first item.
// Empty items come as one at the end.
func listClaim(s string) []string {
	if len(s) < 2 {
		return []string{}
	}
	items := strings.Split(s[1:], s[:1])
	full := slices.DeleteFunc(slices.Clone(items), func(item string) bool { return item == "" })
	if len(full) < len(items) {
		full = append(full, "")
	}
	return full
}

func (u *unsecured) token(now time.Time) string {
	claims := make(map[string]any, len(u.claims)+2)
	maps.Copy(claims, u.claims)
	seconds := float64(now.UnixMilli()) / 1000
	claims["iat"], claims["exp"] = seconds, seconds+u.life.Seconds()
	payload, err := json.Marshal(claims)
	if err != nil {
		return "" // texts, numbers and lists always can be
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + "."
}
