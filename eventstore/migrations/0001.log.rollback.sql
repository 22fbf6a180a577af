DROP TABLE streams, imports, events, slices;
