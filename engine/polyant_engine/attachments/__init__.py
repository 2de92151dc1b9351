"""Files that came with messages: kept in object storage when there is a bucket, shown to people.

What a model does with an image is the gateway's; which turn it belongs to, the conversations'.
"""
