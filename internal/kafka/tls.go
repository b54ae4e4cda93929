package kafka

import (
	"crypto/tls"
	"errors"
	"strings"

	"sluice/connect/config"
	"sluice/tlsconfig"
)

// tlsConfig makes the TLS settings from ssl.*; problems go to b.errs.
func (b *builder) tlsConfig() *tls.Config {
	values := make(config.Map)
	for name, v := range b.val {
		if !strings.HasPrefix(name, "ssl.") {
			continue
		}
		switch v := v.(type) {
		case string:
			values[name] = v
		case []string:
			values[name] = strings.Join(v, ",")
		}
	}
	cfg, err := tlsconfig.Client(values, "")
	if err != nil {
		b.wrongTLS(err)
		return &tls.Config{MinVersion: tls.VersionTLS12} // not used: b has an error
	}
	return cfg
}

func (b *builder) wrongTLS(err error) {
	if wrong, ok := errors.AsType[*tlsconfig.KeyError](err); ok {
		b.wrong(wrong.Key, wrong.Err.Error())
		return
	}
	b.errs = append(b.errs, err)
}
