"""Amazon Bedrock's fine-tuning protocol over the same store, trainer and engine as OpenAI's.

Of ``bedrock``: foundation models (get, list), customization jobs (create, get, list, stop), custom models
(get, list, delete) and their deployments (create, get, list, delete). Of ``bedrock-runtime``: Converse.
Requests are held against botocore's own model of the service, so that what AWS would refuse is refused here.
Training data is read from where it stands in S3, for as long as it is read; no metrics are written there.
"""
