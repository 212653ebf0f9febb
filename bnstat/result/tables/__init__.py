"""Tables of records: a row for each image and draw, written to files and read from them.

table      the columns, as values
formats    which kind of file a name means
parquet    Apache Parquet, through pyarrow (an extra)
csv        text with a heading
"""

from bnstat.result.tables.formats import check_name, holds_records, read, write
from bnstat.result.tables.table import RecordTable

__all__ = ["RecordTable", "check_name", "holds_records", "read", "write"]
