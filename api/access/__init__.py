"""Who may ask: keys, end-user tokens, scopes, limits."""
