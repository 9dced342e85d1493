from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('predictor', '0009_evaluation'),
    ]

    operations = [
        migrations.AddField(
            model_name='modelversion',
            name='parts',
            field=models.JSONField(blank=True, default=list, help_text='The estimator and those inside of it, with parameters.'),
        ),
    ]
