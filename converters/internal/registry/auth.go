package registry

import (
	"net/url"

	"sluice/connect/config"
)

func authKeys() config.Def {
	return config.Def{
		{
			Name: "basic.auth.credentials.source", Type: config.String, Default: "URL", Importance: config.Medium,
			Validator: config.OneOf{"URL", "USER_INFO", "SASL_INHERIT"},
			Doc:       "Where user and password of basic authentication stand: URL, USER_INFO; Sluice refuses SASL_INHERIT.",
		},
		{
			Name: "basic.auth.user.info", Type: config.Password, Default: config.NewSecret(""), Importance: config.Medium,
			Doc: "User and password of basic authentication, with a colon between them.",
		},
		{
			Name: "schema.registry.basic.auth.user.info", Type: config.Password, Default: config.NewSecret(""), Importance: config.Medium,
			Doc: "The older name of basic.auth.user.info; it counts before that.",
		},
		{
			Name: "bearer.auth.credentials.source", Type: config.String, Default: "STATIC_TOKEN", Importance: config.Medium,
			Doc: "Where the token of bearer authentication comes from; only STATIC_TOKEN is there.",
		},
		{
			Name: "bearer.auth.token", Type: config.Password, Default: config.NewSecret(""), Importance: config.Medium,
			Doc: "The token of bearer authentication.",
		},
	}
}

// authorization returns the value of the Authorization header; "" is none.
func (s *Settings) authorization(inURL *url.Userinfo) (string, error) {
	if s.BearerSource != "" {
		if s.BearerSource != "STATIC_TOKEN" {
			return "", config.InvalidValue("bearer.auth.credentials.source", s.BearerSource, "Sluice has only STATIC_TOKEN")
		}
		if s.BearerToken.Reveal() == "" {
			return "", config.Errorf("bearer.auth.credentials.source is STATIC_TOKEN: set bearer.auth.token")
		}
		return "Bearer " + s.BearerToken.Reveal(), nil
	}
	switch s.BasicSource {
	case "USER_INFO":
		info := s.OldUserInfo.Reveal()
		if info == "" {
			info = s.UserInfo.Reveal()
		}
		if info == "" {
			return "", config.Errorf("UserInfo must be provided when basic.auth.credentials.source is set to USER_INFO")
		}
		return basic(info), nil
	case "SASL_INHERIT":
		return "", config.InvalidValue("basic.auth.credentials.source", s.BasicSource,
			"Sluice does not take the registry's password from sasl.jaas.config; set USER_INFO and basic.auth.user.info")
	}
	if inURL == nil {
		return "", nil
	}
	password, _ := inURL.Password()
	return basic(inURL.Username() + ":" + password), nil
}
