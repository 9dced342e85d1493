"""Operators, fields and tensor types that an ONNX file may contain."""

DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml"))
# Operators on tables. None of them runs another graph, or repeats its input a number of times that
# is a value in the model; the audit checks this for Gather and ConstantOfShape.
OPERATORS = frozenset(
    (
        "Abs Add And ArgMax ArgMin ArrayFeatureExtractor Binarizer Cast CategoryMapper Ceil Clip "
        "Concat Constant ConstantOfShape Div Equal Erf Exp FeatureVectorizer Flatten Floor Gather "
        "Gemm Greater GreaterOrEqual Identity Imputer IsNaN LabelEncoder Less LessOrEqual "
        "LinearClassifier LinearRegressor Log LogSoftmax LpNormalization MatMul Max Mean Min Mul "
        "Neg Normalizer Not OneHotEncoder Or Pow Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp "
        "ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round "
        "SVMClassifier SVMRegressor Scaler Shape Sigmoid Sign Slice Softmax Sqrt Squeeze Sub Sum "
        "Tanh Transpose TreeEnsembleClassifier TreeEnsembleRegressor Unsqueeze Where ZipMap"
    ).split()
)

# Every field that may be set, by message. Not among them: external data, sparse tensors, graphs
# and types within attributes, functions, training graphs, quantization.
FIELDS = {
    message: frozenset(fields.split())
    for message, fields in {
        "ModelProto": "ir_version opset_import producer_name producer_version domain "
        "model_version doc_string graph",
        "OperatorSetIdProto": "domain version",
        "GraphProto": "node name initializer doc_string input output value_info",
        "NodeProto": "input output name op_type domain attribute doc_string",
        "AttributeProto": "name type doc_string f i s t floats ints strings",
        "TensorProto": "dims data_type name doc_string raw_data float_data double_data "
        "int32_data int64_data string_data",
        "ValueInfoProto": "name type doc_string",
        "TypeProto": "tensor_type sequence_type map_type denotation",
        "TypeProto.Tensor": "elem_type shape",
        "TypeProto.Sequence": "elem_type",
        "TypeProto.Map": "key_type value_type",
        "TensorShapeProto": "dim",
        "TensorShapeProto.Dimension": "dim_value dim_param denotation",
    }.items()
}

# Types of tensors: the field of their values, and the bytes of each value in `raw_data`
# (0: not stored there).
FLOAT, INT32, INT64, STRING, BOOL, DOUBLE = 1, 6, 7, 8, 9, 11
TENSOR_VALUES = {
    FLOAT: ("float_data", 4),
    INT32: ("int32_data", 4),
    INT64: ("int64_data", 8),
    STRING: ("string_data", 0),
    BOOL: ("int32_data", 1),
    DOUBLE: ("double_data", 8),
}
