"""Estimates the mutual information of two samples, from files.

    python launch/estimate_mi.py pairs.csv --x=height,weight --y=age --output=estimates/age
    python launch/estimate_mi.py pairs.csv --x=dose --y=age --z=sex \
        --quantity=conditional_mutual_information --unit=bits

Reads .npy, .npz, .csv, .tsv, .txt and .parquet; --x_file and --y_file in place of one file.
"""

from tf_infomax.commands.estimate_mi import define_flags, main
from tf_infomax.running import command_line

define_flags()

if __name__ == "__main__":
    command_line.start(main)
