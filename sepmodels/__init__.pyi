from . import ablation as ablation
from . import audio as audio
from . import course as course
from . import datasets as datasets
from . import display as display
from . import evaluation as evaluation
from . import layers as layers
from . import models as models
from . import separation as separation
from . import signal as signal
from . import training as training
from ._startup import load_tensorflow as load_tensorflow
from .ablation import sweep as sweep
from .evaluation import evaluate as evaluate
from .evaluation import evaluate_folders as evaluate_folders
from .evaluation import metrics as metrics
from .models import load_pretrained as load_pretrained
from .separation import separate as separate
from .separation import stream as stream
from .training import losses as losses
from .training import recipes as recipes
from .training import train as train

__version__: str
