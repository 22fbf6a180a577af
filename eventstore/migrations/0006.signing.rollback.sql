DROP TABLE accepted_signatures, signing_secrets;
