DROP TABLE account_user;
