"""Records of the streaks dialect as they are documented: their names are in snake_case."""

from marshmallow import EXCLUDE, Schema


class Written(Schema):
    """A record as it is answered. It documents; what it does not know may be there, too."""

    class Meta:
        unknown = EXCLUDE
